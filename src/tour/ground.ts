/**
 * The directory that a tour works in. It is found on a file system that can hold an overlay's upper, and removed with
 * all that is in it, but never while something is mounted below it.
 */
import { chmodSync, mkdtempSync, realpathSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytes } from "../sys/bytes.js";
import { AT_FDCWD } from "../sys/constants.js";
import { native } from "../sys/native.js";
import { S_IFCHR } from "../sys/stat.js";

/** From linux/magic.h: an overlay or a FUSE mount can't be trusted to take marks as they are. */
const NO_UPPERS = new Set([0x794c7630, 0x65735546]);

export interface Ground {
  readonly path: string;
  /** Whether trusted.* xattrs can be set there. */
  readonly trusted: boolean;
}

/** Makes a directory for the tour; throws an Error that says what to do where none will do. */
export function makeGround(): Ground {
  const parents = [...new Set([tmpdir(), "/var/tmp", "/tmp", "/dev/shm"])];
  let second: Ground | undefined;
  for (const parent of parents) {
    const ground = tryIn(parent);
    if (ground === undefined) continue;
    if (ground.trusted || process.geteuid!() !== 0) {
      if (second !== undefined) removeGround(second.path);
      return ground;
    }
    if (second === undefined) second = ground;
    else removeGround(ground.path);
  }
  if (second !== undefined) return second;
  throw new Error(`none of ${parents.join(", ")} can hold the layers of a tour; set TMPDIR to a directory of yours on ext4, xfs, btrfs or tmpfs`);
}

function tryIn(parent: string): Ground | undefined {
  let path: string;
  try {
    if (NO_UPPERS.has(statfsSync(parent).type)) return undefined;
    // Without symlinks, as the list of mounts has it.
    path = realpathSync(mkdtempSync(join(parent, "ovlfs-tour-")));
  } catch {
    return undefined;
  }
  chmodSync(path, 0o755);
  const trusted = takes(path, "trusted.overlay.opaque");
  if ((trusted || takes(path, "user.overlay.opaque")) && takesWhiteouts(path)) return { path, trusted };
  removeGround(path);
  return undefined;
}

function takes(path: string, name: string): boolean {
  if (native.setxattrat(AT_FDCWD, bytes(path), bytes(name), Buffer.from("y"), 0) < 0) return false;
  native.removexattrat(AT_FDCWD, bytes(path), bytes(name));
  return true;
}

function takesWhiteouts(path: string): boolean {
  const name = bytes(join(path, "whiteout"));
  const made = native.mknodat(AT_FDCWD, name, S_IFCHR, 0, 0) >= 0;
  if (made) native.unlinkat(AT_FDCWD, name, 0);
  return made;
}

/** Removes it with all that is in it. */
export function removeGround(path: string): void {
  rmSync(path, { recursive: true, force: true });
}
