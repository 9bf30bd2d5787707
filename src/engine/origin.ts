/**
 * File handles as the format stores them: a copied-up object remembers the lower that it came from (origin), so
 * that its inode number stays what it was, also after the next mount; the index is named and checked by them.
 * Source: struct ovl_fb in the kernel's fs/overlayfs/overlayfs.h; ovl_encode_real_fh in copy_up.c,
 * ovl_check_origin_fh in namei.c.
 */
import { endianness } from "node:os";
import { isErrno } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import { O_PATH } from "../sys/constants.js";
import type { Layer } from "./layer.js";
import type { OverlayFs } from "./overlay-fs.js";
import { readXattr } from "./real-xattr.js";
import { ITSELF, type Place } from "./real.js";

// struct ovl_fb: u8 version, u8 magic, u8 len, u8 flags, u8 type, uuid_t uuid (16 bytes), u32 fid[].
const LENGTH = 2;
const FLAGS = 3;
const TYPE = 4;
const UUID = 5;
const FID = 21;
const UUID_SIZE = 16;
const OVL_FH_VERSION = 0;
const OVL_FH_MAGIC = 0xfb;
const OVL_FH_FLAG_BIG_ENDIAN = 1;
const OVL_FH_FLAG_PATH_UPPER = 4;
const OVL_FH_FLAG_CPU_ENDIAN = endianness() === "BE" ? OVL_FH_FLAG_BIG_ENDIAN : 0;
const HANDLE_TYPE_SIZE = 4;

const handle = Buffer.alloc(HANDLE_TYPE_SIZE + 128);
const stat = new Stat();
const noUuid = Buffer.alloc(UUID_SIZE);

const uuids = new WeakMap<Layer, Buffer>();

/** The uuid of a layer's file system; zeros where it has none or the system does not tell. */
export function uuidOf(layer: Layer): Buffer {
  let uuid = uuids.get(layer);
  if (!uuid) {
    uuid = Buffer.alloc(UUID_SIZE);
    native.fsUuid(layer.root.fd(), uuid);
    uuids.set(layer, uuid);
  }
  return uuid;
}

/** The uuid that stored handles carry: with uuid=off none, as a file system whose uuid changes needs it. */
function storedUuid(fs: Pick<OverlayFs, "config">, layer: Layer): Buffer {
  return fs.config.uuid === "off" ? noUuid : uuidOf(layer);
}

/** The stored form of an object's file handle; null where its file system has none. */
function encode(fs: Pick<OverlayFs, "config">, place: Place, flags: number): Buffer | null {
  const dirfd = place.dirfd();
  const length = dirfd < 0 ? dirfd : native.nameToHandleAt(dirfd, place.name, handle);
  if (length < 0) return null;
  const value = Buffer.alloc(FID + length - HANDLE_TYPE_SIZE);
  value[0] = OVL_FH_VERSION;
  value[1] = OVL_FH_MAGIC;
  value[LENGTH] = value.length;
  value[FLAGS] = OVL_FH_FLAG_CPU_ENDIAN | flags;
  value[TYPE] = handle.readInt32LE(0);
  storedUuid(fs, place.layer).copy(value, UUID);
  handle.copy(value, FID, HANDLE_TYPE_SIZE, length);
  return value;
}

/** The value of the origin xattr for a lower object; empty where its file system has no file handles. */
export function encodeOrigin(fs: Pick<OverlayFs, "config">, lower: Place): Buffer {
  return encode(fs, lower, 0) ?? Buffer.alloc(0);
}

/** The value of the upper xattr for a directory of the upper; null where its file system has no file handles. */
export function encodeUpper(fs: Pick<OverlayFs, "config">, upper: Place): Buffer | null {
  return encode(fs, upper, OVL_FH_FLAG_PATH_UPPER);
}

/** Whether the file system of a layer has file handles that can be opened again. */
export function hasFileHandles(layer: Layer): boolean {
  const length = native.nameToHandleAt(layer.root.dirfd(), layer.root.name, handle);
  if (length < 0) return false;
  const fd = native.openByHandleAt(layer.root.fd(), handle.subarray(0, length), O_PATH);
  if (fd < 0) return false;
  native.close(fd);
  return true;
}

/** The origin of an upper object. */
export interface OriginFound {
  /** It was copied up, from a lower that may no longer be known. */
  readonly hasOrigin: boolean;
  /** The stored handle; null where there is none that could be decoded. */
  readonly handle: Buffer | null;
  /** What it leads to now: the lower object's st_ino in the merged tree and its link count; null where it is gone. */
  readonly lower: { readonly ino: bigint; readonly nlink: number; readonly key: string } | null;
}

const NONE: OriginFound = { hasOrigin: false, handle: null, lower: null };
const UNKNOWN: OriginFound = { hasOrigin: true, handle: null, lower: null };

/** Reads the origin of an upper object of the given type (S_IFMT bits) and looks it up in the layers. */
export function readOrigin(fs: OverlayFs, upper: Place, type: number): OriginFound {
  const value = readXattr(upper, upper.layer.xattrs.origin);
  if (isErrno(value)) return NONE;
  if (!isHandle(value)) return UNKNOWN;
  const stored = Buffer.from(value);
  return { hasOrigin: true, handle: stored, lower: resolve(fs, stored, type) };
}

function resolve(fs: OverlayFs, stored: Buffer, type: number): OriginFound["lower"] {
  const opened = openOrigin(fs, stored);
  if (!opened) return null;
  native.statx(opened.fd, ITSELF, stat.fields);
  native.close(opened.fd);
  return stat.type === type ? { ino: fs.numbers.of(stat), nlink: stat.nlink, key: lowerKeyOf(stat) } : null;
}

/**
 * Opens (O_PATH) what a stored handle names in the first lower, from position `from` on, that can; null where none can.
 * A handle names a file of a file system: it may be in another layer of the same one.
 */
export function openOrigin(fs: OverlayFs, stored: Buffer, from = 0): { readonly layer: Layer; readonly fd: number } | null {
  for (let i = from; i < fs.lower.length; i++) {
    const layer = fs.lower[i]!;
    if (layer.isAmbiguous || storedUuid(fs, layer).compare(stored, UUID, FID) !== 0) continue;
    const fd = openStored(layer, stored);
    if (fd >= 0) return { layer, fd };
  }
  return null;
}

/** What a lower file is known by while it lives. */
export function lowerKeyOf({ dev, ino }: Stat): string {
  return `${dev}:${ino}`;
}

/** Opens (O_PATH) what a stored handle names in a layer; a descriptor or an errno. */
export function openStored(layer: Layer, stored: Buffer): number {
  const length = stored.length - FID + HANDLE_TYPE_SIZE;
  handle.writeInt32LE(stored[TYPE]!, 0);
  stored.copy(handle, HANDLE_TYPE_SIZE, FID);
  return native.openByHandleAt(layer.root.fd(), handle.subarray(0, length), O_PATH);
}

/** Whether a stored value is a handle of this format and this machine's byte order. */
export function isHandle(value: Buffer): boolean {
  return value.length > FID && value.length - FID + HANDLE_TYPE_SIZE <= handle.length
    && value[0] === OVL_FH_VERSION && value[1] === OVL_FH_MAGIC && value[LENGTH] === value.length
    && (value[FLAGS]! & ~OVL_FH_FLAG_PATH_UPPER) === OVL_FH_FLAG_CPU_ENDIAN;
}
