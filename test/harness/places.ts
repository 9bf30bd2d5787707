/**
 * Where tests keep their layers: a directory whose file system can be an overlay's upper (device nodes and
 * trusted xattrs, and no overlay itself). os.tmpdir() where that is so, else /var/tmp, else the checkout.
 */
import { chmodSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mustRun } from "./processes.js";
import { outcome } from "./syscalls.js";
import { Tree } from "./tree.js";
import { AT_FDCWD, O_RDONLY } from "../../src/sys/constants.js";
import { native } from "../../src/sys/native.js";
import { bytes } from "../../src/sys/bytes.js";

const OVERLAYFS_SUPER_MAGIC = 0x794c7630;

let chosen: string | undefined;

/** A fresh directory for one mount and its layers; other users may enter it. */
export function makePlace(): string {
  chosen ??= [tmpdir(), "/var/tmp", process.cwd()].find(holdsUppers) ?? tmpdir();
  const place = mkdtempSync(join(chosen, "ovlfs-test-"));
  chmodSync(place, 0o755);
  return place;
}

/** Removes it with all below, however deep. */
export function removePlace(place: string): void { mustRun("rm", ["-rf", "--one-file-system", place], { milliseconds: 120_000 }); }

function holdsUppers(parent: string): boolean {
  const place = mkdtempSync(join(parent, "ovlfs-test-"));
  const tree = new Tree(place);
  const works = outcome(() => {
    tree.setXattr("", "trusted.overlay.opaque", "y");
    tree.mknod("whiteout", "character", 0o644, 0, 0);
  }) === "done";
  const overlay = magicOf(place) === OVERLAYFS_SUPER_MAGIC;
  removePlace(place);
  return works && !overlay;
}

function magicOf(path: string): number {
  const fd = native.openat(AT_FDCWD, bytes(path), O_RDONLY, 0);
  const fields = new Float64Array(10);
  native.fstatfs(fd, fields);
  native.close(fd);
  return fields[0]!;
}
