/**
 * The flags of chattr(1) in the merged tree: those of the topmost real object, but that immutable and
 * append-only live in an xattr of the upper (protection.ts).
 * Source: ovl_fileattr_get and ovl_fileattr_set in fs/overlayfs/inode.c.
 */
import { bytes } from "../sys/bytes.js";
import { FS_APPEND_FL, FS_IMMUTABLE_FL, FS_XFLAG_APPEND, FS_XFLAG_IMMUTABLE } from "../sys/constants.js";
import { E } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { S_IFDIR, S_IFREG } from "../sys/stat.js";
import { copyUp } from "./copy-up.js";
import { pathOf } from "./events.js";
import type { Inode } from "./inode.js";
import type { OverlayFs } from "./overlay-fs.js";
import { PROTECTING, protectionOf, type Protection } from "./protection.js";
import type { Place } from "./real.js";
import { onOpened, storeProtection } from "./real-flags.js";
import { setExtendedFlags, setFileFlags } from "./upper.js";

/** struct fsxattr begins with fsx_xflags. */
export const FSXATTR_SIZE = 28;

/** FS_IOC_GETFLAGS; the flags or an errno: ENOTTY where the file system, or the type, has none. */
export function getFlags(fs: OverlayFs, inode: Inode): number {
  const flags = onReal(inode, (fd) => native.getFileFlags(fd));
  return flags < 0 ? flags : (flags | protectionOf(fs, inode)) >>> 0;
}

/** FS_IOC_FSGETXATTR into `extended` (struct fsxattr); 0 or an errno. */
export function getExtended(fs: OverlayFs, inode: Inode, extended: Uint8Array): number {
  const error = onReal(inode, (fd) => native.getExtendedFlags(fd, extended));
  if (error < 0) return error;
  const words = flagsWord(extended);
  const protection = protectionOf(fs, inode);
  if (protection & FS_IMMUTABLE_FL) words[0]! |= FS_XFLAG_IMMUTABLE;
  if (protection & FS_APPEND_FL) words[0]! |= FS_XFLAG_APPEND;
  return 0;
}

/** FS_IOC_SETFLAGS, after a copy-up; 0 or an errno. */
export function setFlags(fs: OverlayFs, inode: Inode, flags: number): number {
  return change(fs, inode, flags & PROTECTING, (upper, fd) => setFileFlags(upper, fd, flags & ~PROTECTING));
}

/** FS_IOC_FSSETXATTR from `extended` (struct fsxattr), after a copy-up; 0 or an errno. */
export function setExtended(fs: OverlayFs, inode: Inode, extended: Uint8Array): number {
  const own = Uint8Array.from(extended);
  const words = flagsWord(own);
  const protection = (words[0]! & FS_XFLAG_IMMUTABLE ? FS_IMMUTABLE_FL : 0) | (words[0]! & FS_XFLAG_APPEND ? FS_APPEND_FL : 0);
  words[0]! &= ~(FS_XFLAG_IMMUTABLE | FS_XFLAG_APPEND);
  return change(fs, inode, protection, (upper, fd) => setExtendedFlags(upper, fd, own));
}

function flagsWord(extended: Uint8Array): Uint32Array {
  return new Uint32Array(extended.buffer, extended.byteOffset, 1);
}

function change(
  fs: OverlayFs, inode: Inode, protection: Protection, apply: (upper: Place, fd: number) => number,
): number {
  if (inode.type !== S_IFREG && inode.type !== S_IFDIR) return -E.ENOTTY;
  const before = protectionOf(fs, inode);
  const copied = copyUp(fs, inode);
  if (copied < 0) return copied;
  const upper = inode.upper!;
  const stored = storeProtection(fs, upper, protection, before);
  if (stored < 0) return stored;
  inode.protection = protection;
  const error = onReal(inode, (fd) => apply(upper, fd));
  if (error >= 0) fs.onEvent?.({ kind: "metadata", path: pathOf(inode), changes: [bytes("flags")] });
  return error;
}

/** Makes a call on the open topmost real object of a file or directory. */
function onReal(inode: Inode, call: (fd: number) => number): number {
  if (inode.type !== S_IFREG && inode.type !== S_IFDIR) return -E.ENOTTY;
  return onOpened(inode.real, call);
}
