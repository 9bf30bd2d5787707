/** After an unmount all that was written is on the disk: what a power failure right then would leave is looked at. */
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileSystemUnavailable, Volume } from "../harness/file-systems.js";
import { buildLayer, dir, file } from "../harness/layers.js";
import { kernelAndOvlfs, type Mounter } from "../harness/mounters.js";
import { makePlace, removePlace } from "../harness/places.js";
import { mountsBelow, mustRun, processesNaming, run, waitUntil } from "../harness/processes.js";
import { Tree } from "../harness/tree.js";

const MANY = "many blocks ".repeat(100_000);

let place: string;

beforeEach(() => {
  place = makePlace();
  buildLayer(join(place, "lower"), dir({ low: file("low") }));
  for (const name of ["merged", "then"]) mkdirSync(join(place, name));
});

afterEach(() => {
  for (const point of mountsBelow(place)) run("umount", ["-l", point]);
  waitUntil(() => processesNaming(place).length === 0);
  removePlace(place);
});

/** Writes through an overlay whose upper is on a new ext4; what of it stands in that file system's image once it is unmounted. */
function leftOnDisk(mounter: Mounter, options: readonly string[]): (string | null)[] {
  const disk = new Volume("ext4", join(place, "disk"));
  disk.start();
  disk.seal();
  for (const name of ["upper", "work"]) mkdirSync(join(disk.root, name));
  mustRun("sync", ["-f", disk.root]);
  const merged = new Tree(join(place, "merged"));
  mounter.mount({ cwd: place, lowers: ["lower"], upper: "disk/root/upper", work: "disk/root/work", merged: merged.path, options });
  merged.write("new", MANY);
  merged.append("low", ", changed");
  mustRun("umount", [merged.path]);
  expect(waitUntil(() => processesNaming(merged.path).length === 0)).toBe(true);
  copyFileSync(disk.image, join(disk.place, "disk/then"));
  mustRun("mount", ["-o", "loop", join(disk.place, "disk/then"), join(place, "then")]);
  return ["new", "low"].map((name) => contentOf(join(place, "then/upper", name)));
}

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return null;
  }
}

describe.each(kernelAndOvlfs)("after an unmount ($name)", ({ mounter }) => {
  const reason = mounter.unavailable() ?? fileSystemUnavailable("ext4");

  it.skipIf(reason !== null)("what was written is on the disk", () => {
    expect(leftOnDisk(mounter, [])).toEqual([MANY, "low, changed"]);
  });

  it.skipIf(reason !== null)("with volatile nobody has waited for that", () => {
    expect(leftOnDisk(mounter, ["volatile"])).not.toEqual([MANY, "low, changed"]);
  });
});
