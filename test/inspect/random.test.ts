/**
 * Lookups of random layers against the kernel, and against ovlfs where the kernel does not have the option: each name
 * that any layer has is asked of the merged tree and of the layers, and what provides it must be what the tree shows, or
 * the refusal be the tree's.
 */
import { setImmediate } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { findOverlay, Stack, type Entry, type FileStep, type MergedDirectory } from "../../src/inspect/index.js";
import { AT_FDCWD, O_NOFOLLOW, O_RDONLY } from "../../src/sys/constants.js";
import { concat, display, type Bytes } from "../../src/sys/bytes.js";
import { errnoName } from "../../src/sys/errno.js";
import { native } from "../../src/sys/native.js";
import { Stat } from "../../src/sys/stat.js";
import { kernel, ovlfs } from "../harness/mounters.js";
import { OverlayFixture } from "../harness/overlay-fixture.js";
import { Sequence } from "../harness/sequence.js";
import { raw } from "../harness/syscalls.js";
import { OPTION_SETS, randomLayers } from "./random-layers.js";

const SEEDS = Number(process.env.OVLFS_TEST_SEEDS ?? 16);
const shown = new Stat();

/** Counts what was compared, so that the test can tell that it met everything. */
const met = { found: 0, missing: 0, refused: 0, merged: 0, data: 0, hidden: 0 };

function told(stat: Stat): string {
  const { mode, uid, gid, size, mtimeSec, mtimeNsec, rdevMajor, rdevMinor } = stat;
  const parts = [mode.toString(8), uid, gid, mtimeSec, mtimeNsec, rdevMajor, rdevMinor];
  return (stat.isDirectory ? parts : [...parts, size]).join(" ");
}

function contentOf(dirfd: number, name: Bytes): string {
  const fd = native.openat(dirfd, name, O_RDONLY | O_NOFOLLOW, 0);
  if (fd < 0) return errnoName(fd);
  const buffer = Buffer.alloc(131_072);
  const length = native.pread(fd, buffer, 0, buffer.length, 0);
  native.close(fd);
  return length < 0 ? errnoName(length) : buffer.toString("latin1", 0, length);
}

function dataOf({ directory, name }: FileStep): string {
  return contentOf(directory.fd(), name);
}

/**
 * The merged paths by which each object of a layer is used. Redirects made by hand lead several names to one object; the
 * kernel has one inode for it, and shows the others as that one or as ESTALE, by what it remembers. Such names, and what
 * is below them, are left out.
 */
let users = new Map<string, Set<Bytes>>();

function noteUse(entry: Entry): void {
  for (const { use, layer, stat } of entry.objects) {
    if (use === "hidden" || use === "ends") continue;
    const key = `${layer.index} ${stat.dev} ${stat.ino}`;
    users.set(key, (users.get(key) ?? new Set()).add(entry.path));
  }
}

function isUsedTwice(entry: Entry): boolean {
  return entry.objects.some(({ use, layer, stat }) => use !== "hidden" && (users.get(`${layer.index} ${stat.dev} ${stat.ino}`)?.size ?? 0) > 1);
}

/** What differs between an entry and the same name in the merged tree; empty where nothing does. */
function compare(entry: Entry, merged: Bytes): string {
  const path = concat(merged, entry.path);
  const error = native.statx(AT_FDCWD, path, shown.fields);
  const shownAs = error < 0 ? errnoName(error) : told(shown);
  const { answer } = entry;
  const we = answer.kind === "found" ? told(answer.provider.stat) : answer.kind === "missing" ? "ENOENT" : errnoName(answer.error);
  met[answer.kind]++;
  if (answer.kind === "found" && answer.provider.kind === "directory" && entry.objects.filter(({ use }) => use === "merges").length > 0) met.merged++;
  met.hidden += entry.shadowed.length;
  if (shownAs !== we) return `${display(entry.path)}: the tree says ${shownAs}, the steps ${we}`;
  if (answer.kind !== "found" || answer.provider.kind === "directory" || (answer.provider.stat.mode & 0o170000) !== 0o100000) return "";
  if (answer.data !== answer.provider) met.data++;
  const ours = answer.data ? dataOf(answer.data) : "ENOENT";
  return contentOf(AT_FDCWD, path) === ours ? "" : `${display(entry.path)}: the tree has other data (${contentOf(AT_FDCWD, path).slice(0, 30)} instead of ${ours.slice(0, 30)})`;
}

function noteBelow(directory: MergedDirectory): void {
  for (const entry of directory.entries()) {
    noteUse(entry);
    if (entry.provider?.kind === "directory") noteBelow(entry.directory()!);
  }
}

function compareBelow(directory: MergedDirectory, merged: Bytes, lines: string[]): void {
  for (const entry of directory.entries().filter((each) => !isUsedTwice(each))) {
    const line = compare(entry, merged);
    if (line !== "") lines.push(line);
    if (entry.provider?.kind !== "directory") continue;
    const again = compare(directory.lookUp(entry.name), merged);
    if (again !== "") lines.push(`looked up alone, ${again}`);
    compareBelow(entry.directory()!, merged, lines);
  }
}

describe("random layers", () => {
  let fixture: OverlayFixture | undefined;
  afterEach(() => fixture?.end());

  for (const [which, set] of OPTION_SETS.entries()) {
    const mounter = set.includes("whiteouts=oci") ? ovlfs : kernel;
    it(`give what ${mounter === ovlfs ? "ovlfs" : "the kernel"} shows, with ${set.join(",") || "no options"}`, async ({ skip }) => {
      skip(mounter.unavailable() !== null, mounter.unavailable() ?? "");
      for (let seed = 0; seed < SEEDS; seed++) {
        fixture = new OverlayFixture(mounter, randomLayers(new Sequence(seed * 100 + which), set));
        fixture.start();
        const { spec } = findOverlay(raw(fixture.merged.path));
        const stack = Stack.open(spec);
        const lines: string[] = [];
        users = new Map();
        noteBelow(stack.root());
        compareBelow(stack.root(), raw(fixture.merged.path), lines);
        stack.close();
        expect(lines, `seed ${seed}`).toEqual([]);
        fixture.unmount();
        expect(fixture.lowerChanges()).toEqual([]);
        fixture.end();
        await setImmediate();
      }
    }, 600_000);
  }

  it("met names found, missing, refused, merged, hidden, and data of other layers", ({ skip }) => {
    skip(kernel.unavailable() !== null, kernel.unavailable() ?? "");
    for (const [what, count] of Object.entries(met)) expect(count, what).toBeGreaterThan(5);
  });
});
