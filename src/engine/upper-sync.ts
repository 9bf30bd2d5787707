/**
 * After an unmount what an overlay was given is on the disk: the kernel's syncs the whole file system of its upper then
 * (ovl_sync_fs in fs/overlayfs/super.c, by way of generic_shutdown_super), unless it is volatile.
 */
import { bytes } from "../sys/bytes.js";
import { O_DIRECTORY, O_RDONLY } from "../sys/constants.js";
import { native } from "../sys/native.js";
import { syncsNothing } from "./config.js";
import type { OverlayFs } from "./overlay-fs.js";
import { openFile } from "./upper.js";

const HERE = bytes(".");

/** A descriptor of the upper that outlives the mount and holds none of its locks, a negated errno, or null where nothing is to be synced. */
export function upperToSync(fs: OverlayFs): number | null {
  if (!fs.upper || !fs.work || syncsNothing(fs.config)) return null;
  const fd = fs.upper.root.fd();
  return fd < 0 ? fd : native.openat(fd, HERE, O_RDONLY | O_DIRECTORY, 0);
}

/** syncfs(2) on that, which is closed; 0 or a negated errno. */
export function syncAndClose(fd: number): number {
  if (fd < 0) return fd;
  const error = openFile.syncfs(fd);
  native.close(fd);
  return error;
}
