/**
 * The origin xattr: a copied-up object remembers the lower it came from by a file handle, so that its inode
 * number stays what it was, also after the next mount.
 * Source: struct ovl_fb in the kernel's fs/overlayfs/overlayfs.h; ovl_encode_real_fh in copy_up.c.
 */
import { endianness } from "node:os";
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import { O_PATH } from "../sys/constants.js";
import type { Layer } from "./layer.js";
import type { OverlayFs } from "./overlay-fs.js";
import { readXattr } from "./real-xattr.js";
import { ITSELF, type Place } from "./real.js";
import { XATTR_ORIGIN } from "./xattr-names.js";

// struct ovl_fb: u8 version, u8 magic, u8 len, u8 flags, u8 type, uuid_t uuid (16 bytes), u32 fid[].
const LENGTH = 2;
const FLAGS = 3;
const TYPE = 4;
const UUID = 5;
const FID = 21;
const OVL_FH_VERSION = 0;
const OVL_FH_MAGIC = 0xfb;
const OVL_FH_FLAG_BIG_ENDIAN = 1;
const OVL_FH_FLAG_CPU_ENDIAN = endianness() === "BE" ? OVL_FH_FLAG_BIG_ENDIAN : 0;
const HANDLE_TYPE_SIZE = 4;

const handle = Buffer.alloc(HANDLE_TYPE_SIZE + 128);
const stat = new Stat();

const uuids = new WeakMap<Layer, Buffer>();

/** The uuid of a layer's file system; zeros where it has none or the system does not tell. */
function uuidOf(layer: Layer): Buffer {
  let uuid = uuids.get(layer);
  if (!uuid) {
    uuid = Buffer.alloc(16);
    native.fsUuid(layer.root.fd(), uuid);
    uuids.set(layer, uuid);
  }
  return uuid;
}

/** The value of the origin xattr for a lower object; empty where its file system has no file handles. */
export function encodeOrigin(lower: Place): Buffer {
  const dirfd = lower.dirfd();
  const length = dirfd < 0 ? dirfd : native.nameToHandleAt(dirfd, lower.name, handle);
  if (length < 0) return Buffer.alloc(0);
  const value = Buffer.alloc(FID + length - HANDLE_TYPE_SIZE);
  value[0] = OVL_FH_VERSION;
  value[1] = OVL_FH_MAGIC;
  value[LENGTH] = value.length;
  value[FLAGS] = OVL_FH_FLAG_CPU_ENDIAN;
  value[TYPE] = handle.readInt32LE(0);
  uuidOf(lower.layer).copy(value, UUID);
  handle.copy(value, FID, HANDLE_TYPE_SIZE, length);
  return value;
}

/** Whether an upper object has an origin, and the st_ino of that origin where it can still be found. */
export interface OriginFound {
  readonly hasOrigin: boolean;
  readonly ino: bigint | null;
}

const NONE: OriginFound = { hasOrigin: false, ino: null };

/** Reads the origin of an upper object of the given type and looks it up in the layers. */
export function readOrigin(fs: OverlayFs, upper: Place, type: number): OriginFound {
  const value = readXattr(upper, XATTR_ORIGIN);
  if (typeof value === "number") return NONE;
  if (!isHandle(value)) return { hasOrigin: true, ino: null };
  const length = value.length - FID + HANDLE_TYPE_SIZE;
  handle.writeInt32LE(value[TYPE]!, 0);
  value.copy(handle, HANDLE_TYPE_SIZE, FID);
  for (const layer of fs.lower) {
    if (uuidOf(layer).compare(value, UUID, FID) !== 0) continue;
    const fd = native.openByHandleAt(layer.root.fd(), handle.subarray(0, length), O_PATH);
    if (fd < 0) continue;
    native.statx(fd, ITSELF, stat.fields);
    native.close(fd);
    const isSameObject = stat.type === type && (stat.isDirectory || stat.nlink === 1);
    return { hasOrigin: true, ino: isSameObject ? fs.numbers.of(stat) : null };
  }
  return { hasOrigin: true, ino: null };
}

function isHandle(value: Buffer): boolean {
  return value.length > FID && value.length - FID + HANDLE_TYPE_SIZE <= handle.length
    && value[0] === OVL_FH_VERSION && value[1] === OVL_FH_MAGIC && value[LENGTH] === value.length
    && value[FLAGS] === OVL_FH_FLAG_CPU_ENDIAN;
}
