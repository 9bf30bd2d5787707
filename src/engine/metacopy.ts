/**
 * Metacopies: files of a layer that hold attributes alone, while their data is that of a file below, which a
 * redirect may name. The mark is an xattr: empty, or with the digest that fs-verity has of the data.
 * Source: struct ovl_metacopy in fs/overlayfs/overlayfs.h; ovl_check_metacopy_xattr, ovl_validate_verity and
 * ovl_get_verity_digest in util.c.
 */
import { E } from "../sys/errno.js";
import { native } from "../sys/native.js";
import type { OverlayFs } from "./overlay-fs.js";
import { readXattr } from "./real-xattr.js";
import type { Place, RealFile } from "./real.js";
import { removeXattr, setXattr } from "./upper.js";

// struct ovl_metacopy: u8 version, u8 len, u8 flags, u8 digest_algo, then the digest.
const VERSION = 0;
const LENGTH = 1;
const ALGORITHM = 3;
const DIGEST = 4;
const DIGEST_MAX = 64;

const NO_DIGEST = Buffer.alloc(0);
const digest = Buffer.alloc(1 + DIGEST_MAX);

/** The size of a file's metacopy mark, at least that of its head; 0 where it has its data; EIO where malformed. */
export function readMetacopy(file: Place): number {
  const value = readXattr(file, file.layer.xattrs.metacopy);
  if (typeof value === "number") return value === -E.ENODATA || value === -E.EOPNOTSUPP || value === -E.EACCES ? 0 : value;
  if (value.length === 0) return DIGEST;
  return value.length < DIGEST ? -E.EIO : value.length;
}

/** Marks a file that is being built as a metacopy of `data`; 0 or an errno. */
export function markMetacopy(fs: OverlayFs, target: Place, data: RealFile): number {
  const value = digestOf(fs, data);
  return typeof value === "number" ? value : setXattr(target, target.layer.xattrs.metacopy, value, 0);
}

/** The file has its data now; 0 or an errno. */
export function unmarkMetacopy(file: Place): number {
  return removeXattr(file, file.layer.xattrs.metacopy);
}

/** Whether a copy of attributes alone may stand for `data`: with verity=require only where it has a digest. */
export function maySkipData(fs: OverlayFs, data: RealFile): boolean {
  return fs.config.verity !== "require" || measure(data) > 0;
}

/** The value that marks a metacopy of `data`: empty without a digest. */
function digestOf(fs: OverlayFs, data: RealFile): Buffer | number {
  if (fs.config.verity === "off") return NO_DIGEST;
  const length = measure(data);
  if (length <= 0) return fs.config.verity === "require" ? -E.EIO : NO_DIGEST;
  const value = Buffer.alloc(DIGEST + length);
  value[LENGTH] = value.length;
  value[ALGORITHM] = digest[0]!;
  digest.copy(value, DIGEST, 1, 1 + length);
  return value;
}

/** Puts the algorithm and the digest of a file into `digest`; the digest's length, or an errno. */
function measure(file: RealFile): number {
  const fd = file.openForReading();
  if (fd < 0) return fd;
  const length = native.measureVerity(fd, digest);
  native.close(fd);
  return length;
}

/** Checks the data of a metacopy against the digest in its mark; 0 or EIO. */
export function verifyData(fs: OverlayFs, metacopy: RealFile, data: RealFile): number {
  if (fs.config.verity === "off") return 0;
  const mark = readXattr(metacopy, metacopy.layer.xattrs.metacopy);
  if (typeof mark === "number") return mark;
  const error = compareDigest(fs, Buffer.from(mark), data);
  if (error !== null) fs.log.warn(`a metacopy's data is refused: ${error}`, `verity ${error}`);
  return error === null ? 0 : -E.EIO;
}

/** Null, or what is wrong. */
function compareDigest(fs: OverlayFs, mark: Buffer, data: RealFile): string | null {
  if (mark.length <= DIGEST || mark[ALGORITHM] === 0) {
    return fs.config.verity === "require" ? "it names no digest" : null;
  }
  if (mark[VERSION] !== 0 || mark[LENGTH] !== mark.length) return "its mark is malformed";
  const length = measure(data);
  if (length <= 0) return "the file has no fs-verity digest";
  const isSame = digest[0] === mark[ALGORITHM] && digest.subarray(1, 1 + length).equals(mark.subarray(DIGEST));
  return isSame ? null : "the file has another digest";
}
