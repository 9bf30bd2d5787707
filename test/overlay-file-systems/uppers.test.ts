/**
 * Which file systems an upper may lie on: what the kernel refuses ovlfs refuses, in a sentence of its own; what
 * the kernel takes with a warning works here as far as it does there.
 */
import { mkdirSync, readdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Volume } from "../harness/file-systems.js";
import { Guard } from "../harness/guard.js";
import { buildLayer, dir, file } from "../harness/layers.js";
import { CLI, kernel, kernelAndOvlfs, ovlfs, type Mounter } from "../harness/mounters.js";
import { makePlace, removePlace } from "../harness/places.js";
import { mountsBelow, mustRun, processesNaming, run, waitUntil } from "../harness/processes.js";
import { outcome } from "../harness/syscalls.js";
import { Tree } from "../harness/tree.js";

let place: string;
let guard: Guard;

beforeEach(() => {
  place = makePlace();
  guard = new Guard(place);
  buildLayer(join(place, "lower"), dir({ low: file("low"), d: dir({ x: file("x") }), r: file("r") }));
  for (const name of ["base", "merged"]) mkdirSync(join(place, name));
});

afterEach(() => {
  for (const point of mountsBelow(place)) run("umount", ["-l", point]);
  waitUntil(() => processesNaming(place).length === 0);
  removePlace(place);
  guard.callOff();
});

/** Mounts with the upper on `base`. */
function mountOn(mounter: Mounter, base: string): void {
  for (const name of ["u", "w"]) mkdirSync(join(place, base, name), { recursive: true });
  mounter.mount({ cwd: place, lowers: ["lower"], upper: `${base}/u`, work: `${base}/w`, merged: join(place, "merged") });
}

/** An overlay as the file system of an upper. */
function overlayBase(mounter: Mounter): string {
  for (const name of ["inner", "inner-upper", "inner-work"]) mkdirSync(join(place, name));
  mounter.mount({ cwd: place, lowers: ["inner"], upper: "inner-upper", work: "inner-work", merged: join(place, "base") });
  return "base";
}

/** What stands in both directories of the pair after a mount that was refused. */
function remains(base: string): string[] { return readdirSync(join(place, base, "w")); }

describe.each(kernelAndOvlfs)("uppers ($name)", ({ mounter }) => {
  const reason = mounter.unavailable() ?? kernel.unavailable() ?? ovlfs.unavailable();

  it.skipIf(reason !== null)("an upper on the kernel's overlay is refused", () => {
    const base = overlayBase(kernel);
    expect(() => { mountOn(mounter, base); }).toThrow();
    expect(remains(base)).toEqual([]);
  });

  it.skipIf(reason !== null)("an upper without room for the mount's own files is refused, and not for what it can do", () => {
    mustRun("mount", ["-t", "tmpfs", "-o", "nr_inodes=30", "ovlfs-test", join(place, "base")]);
    mountOn(mounter, "base");
    mustRun("umount", [join(place, "merged")]);
    expect(waitUntil(() => processesNaming(join(place, "merged")).length === 0)).toBe(true);
    for (let at = 0; outcome(() => { new Tree(join(place, "base")).create(`filler${at}`); }) === "done"; at++);
    expect(() => { mountOn(mounter, "base"); }).toThrow(mounter === ovlfs ? /there is no room for work directory .*\(ENOSPC\)/ : /No space left/);
    expect(mountsBelow(join(place, "merged"))).toEqual([]);
  });

  it.skipIf(reason !== null)("an upper on an ovlfs mount is refused", () => {
    const base = overlayBase(ovlfs);
    expect(() => { mountOn(mounter, base); }).toThrow();
    if (mounter === ovlfs) expect(remains(base)).toEqual([]);
  });

  it.skipIf(reason !== null)("an upper on a file system that is mounted read-only is refused", () => {
    const volume = new Volume("tmpfs", join(place, "base"));
    volume.start();
    for (const name of ["u", "w"]) mkdirSync(join(volume.root, name));
    mustRun("mount", ["-o", "remount,ro", volume.root]);
    expect(() => { mountOn(mounter, "base/root"); }).toThrow();
  });

  it.skipIf(reason !== null)("an upper that names no types in its listings is taken, and whiteouts stay hidden", () => {
    const image = join(place, "image");
    writeFileSync(image, "");
    truncateSync(image, 64 << 20);
    mustRun("mkfs.ext4", ["-q", "-F", "-O", "^filetype", image]);
    mustRun("mount", ["-o", "loop", image, join(place, "base")]);
    mountOn(mounter, "base");
    const merged = new Tree(join(place, "merged"));
    merged.unlink("low");
    merged.unlink("d/x");
    merged.write("new", "new");
    // The kernel warns of just this: it takes whiteouts for names there, so that a directory can't be emptied.
    expect(outcome(() => { merged.rmdir("d"); })).toBe(mounter === kernel ? "ENOTEMPTY" : "done");
    if (mounter === ovlfs) expect(merged.list()).toEqual(["new", "r"]);
    expect(outcome(() => merged.stat("low"))).toBe("ENOENT");
    mounter.unmount(merged.path);
  });

  it.skipIf(reason !== null)("an upper without xattrs and RENAME_WHITEOUT is taken, and what needs them is refused", () => {
    mustRun("mount", ["-t", "ramfs", "ovlfs-test", join(place, "base")]);
    mountOn(mounter, "base");
    const merged = new Tree(join(place, "merged"));
    merged.append("low", "!");
    expect(outcome(() => { merged.rename("r", "moved"); })).toBe("EINVAL");
    merged.unlink("d/x");
    // The kernel marks a directory with whiteouts opaque before it goes; ovlfs exchanges it for its whiteout.
    expect(outcome(() => { merged.rmdir("d"); })).toBe(mounter === kernel ? "EIO" : "done");
    if (mounter === kernel) return;
    expect([merged.list(), merged.read("low")]).toEqual([["low", "r"], "low!"]);
    // A new directory over what a lower has must be marked opaque.
    expect(outcome(() => { merged.mkdir("d"); })).toBe("EIO");
    merged.mkdir("fresh");
    expect(merged.list()).toEqual(["fresh", "low", "r"]);
    mounter.unmount(merged.path);
  });
});

it.skipIf(ovlfs.unavailable() !== null || kernel.unavailable() !== null)("the refusal of an upper on an overlay says what would be right", () => {
  const base = overlayBase(kernel);
  for (const name of ["u", "w"]) mkdirSync(join(place, base, name));
  const { status, stderr } = run(process.execPath, [CLI, "mount", "--lower", "lower", "--upper", `${base}/u`, "--work", `${base}/w`, "merged"], { cwd: place });
  expect(status).toBe(1);
  expect(stderr).toMatch(/whiteouts.*on another/);
  expect(stderr.trimEnd().split("\n").length).toBe(1);
});
