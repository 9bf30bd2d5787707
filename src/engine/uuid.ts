/**
 * The overlay's own uuid, kept in the upper: a fresh upper gets one, one that has it keeps it. A FUSE mount has no
 * file system id to show it by; the kernel's overlay shows it when it mounts the same upper.
 * Source: Documentation/filesystems/overlayfs.rst, "UUID and fsid"; ovl_init_uuid_xattr in fs/overlayfs/util.c.
 */
import { E, errnoName } from "../sys/errno.js";
import { native } from "../sys/native.js";
import type { Config } from "./config.js";
import type { OverlayFs } from "./overlay-fs.js";
import { readXattr } from "./real-xattr.js";
import { setXattr } from "./upper.js";
import type { Log } from "./types.js";

const UUID_SIZE = 16;
const empty = Buffer.alloc(0);

/** Settles uuid=auto and writes the uuid where there is to be one. */
export function settleUuid(fs: OverlayFs, config: Config, log: Log): void {
  if (config.uuid === "off" && isSpread(fs)) {
    log.warn("uuid=off needs all layers on one file system; falling back to uuid=null");
    config.uuid = "null";
  }
  if (config.uuid !== "on" && config.uuid !== "auto") return;
  const { root, xattrs } = fs.upper!;
  const stored = readXattr(root, xattrs.uuid);
  if (typeof stored !== "number" && stored.length === UUID_SIZE) return;
  if (config.uuid === "auto" && native.getxattrat(root.dirfd(), root.name, xattrs.impure, empty) !== -E.ENODATA) {
    // An overlay from before there were uuids: its identity is not to change now.
    config.uuid = "null";
    return;
  }
  const error = setXattr(root, xattrs.uuid, newUuid(), 0);
  config.uuid = error < 0 ? "null" : "on";
  if (error < 0) log.warn(`the overlay's uuid can't be set (${errnoName(error)}); falling back to uuid=null`);
}

function isSpread(fs: OverlayFs): boolean {
  return fs.numbers.deviceCount > 1;
}

/** A random uuid, RFC 9562 version 4. */
function newUuid(): Buffer {
  const uuid = Buffer.alloc(UUID_SIZE);
  native.getrandom(uuid);
  uuid[6] = (uuid[6]! & 0x0f) | 0x40;
  uuid[8] = (uuid[8]! & 0x3f) | 0x80;
  return uuid;
}
