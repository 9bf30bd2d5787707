/** Copies that are made ahead count in quotas as all files do; nobody meets a limit by them. */
import { mkdirSync, readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileSystemUnavailable } from "../harness/file-systems.js";
import { buildLayer, dir, file } from "../harness/layers.js";
import { kernelAndOvlfs, ovlfs } from "../harness/mounters.js";
import { makePlace, removePlace } from "../harness/places.js";
import { mountsBelow, mustRun, processesNaming, run, waitUntil } from "../harness/processes.js";
import { outcome } from "../harness/syscalls.js";
import { Tree } from "../harness/tree.js";
import { O_CREAT, O_WRONLY } from "../../src/sys/constants.js";

const KIB = 1024;
const FILE = 60 * KIB;
const NAMES = Array.from({ length: 64 }, (_, index) => `f${String(index).padStart(2, "0")}`);
const CHANGED = 20;
/** At least so many are copied ahead behind so many changes. */
const AHEAD = 4;
const LIMIT = 3000 * KIB;
/** Fits beside the files that are changed, and not beside more. */
const LARGE = 1650 * KIB;

let place: string;

beforeEach(() => {
  place = makePlace();
  buildLayer(join(place, "lower"), dir(Object.fromEntries(NAMES.map((name) => [name, file(Buffer.alloc(FILE, "data "))]))));
  for (const name of ["merged", "disk"]) mkdirSync(join(place, name));
});

afterEach(() => {
  for (const point of mountsBelow(place)) run("umount", ["-l", point]);
  waitUntil(() => processesNaming(place).length === 0);
  removePlace(place);
});

/** A btrfs with an upper and a work directory in a subvolume that may hold LIMIT bytes. */
function limitedDisk(): void {
  const image = join(place, "image");
  const disk = join(place, "disk");
  writeFileSync(image, "");
  truncateSync(image, 2 ** 31);
  mustRun("mkfs.btrfs", ["-q", image]);
  mustRun("mount", ["-o", "loop", image, disk]);
  mustRun("btrfs", ["quota", "enable", disk]);
  mustRun("btrfs", ["subvolume", "create", join(disk, "limited")]);
  mustRun("btrfs", ["qgroup", "limit", `${LIMIT}`, join(disk, "limited")]);
  for (const name of ["upper", "work"]) mkdirSync(join(disk, "limited", name));
}

/** Files without a name that the daemons of the place hold. */
function copiesAhead(): number {
  return processesNaming(place).flatMap((daemon) => readdirSync(`/proc/${daemon}/fd`).filter((fd) => isNameless(`/proc/${daemon}/fd/${fd}`))).length;
}

function isNameless(descriptor: string): boolean {
  const found = statSync(descriptor, { throwIfNoEntry: false });
  return found !== undefined && found.isFile() && found.nlink === 0;
}

describe.each(kernelAndOvlfs)("a quota ($name)", ({ mounter }) => {
  const reason = mounter.unavailable() ?? fileSystemUnavailable("btrfs");

  it.skipIf(reason !== null)("is there for whoever writes, whatever is copied ahead", () => {
    limitedDisk();
    const merged = new Tree(join(place, "merged"));
    mounter.mount({ cwd: place, lowers: ["lower"], upper: "disk/limited/upper", work: "disk/limited/work", merged: merged.path });
    for (const name of NAMES.slice(0, CHANGED)) merged.chmod(name, 0o600);
    if (mounter === ovlfs) expect(waitUntil(() => copiesAhead() >= AHEAD)).toBe(true);
    // btrfs counts when it commits.
    mustRun("sync", ["-f", join(place, "disk")]);
    const wrote = outcome(() => {
      merged.with("new", O_WRONLY | O_CREAT, (opened) => {
        opened.write(Buffer.alloc(LARGE, 1), 0);
        opened.sync();
      });
    });
    expect(wrote).toBe("done");
    expect(merged.stat("new").size).toBe(LARGE);
    expect(copiesAhead()).toBe(0);
  });
});
