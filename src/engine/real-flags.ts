/**
 * The flags of chattr(1) on real objects. What a copy-up carries over of a lower's: immutable and append-only
 * as an xattr, since the flags themselves would keep the copy from being published, and sync and noatime.
 * Source: ovl_copy_fileattr in fs/overlayfs/copy_up.c; ovl_set_protattr in util.c.
 */
import { FS_NOATIME_FL, FS_SYNC_FL, O_NOFOLLOW, O_RDONLY } from "../sys/constants.js";
import { E } from "../sys/errno.js";
import { native } from "../sys/native.js";
import type { OverlayFs } from "./overlay-fs.js";
import { encodeProtattr, PROTECTING, type Protection } from "./protection.js";
import type { Place } from "./real.js";
import { removeXattr, setFileFlags, setXattr } from "./upper.js";

/** Flags that a copy-up carries over as they are. */
const COPIED = FS_SYNC_FL | FS_NOATIME_FL;

/** Flags of a lower that its copy does not come by with its data, owner, mode and times. */
export const HANDED_ON = PROTECTING | COPIED;

/** Makes a call on a real object, opened for reading; what it answers, or why it could not be opened. */
export function onOpened(real: Place, call: (fd: number) => number): number {
  const dirfd = real.dirfd();
  if (dirfd < 0) return dirfd;
  const fd = real.layer.openQuietly(dirfd, real.name, O_RDONLY | O_NOFOLLOW);
  if (fd < 0) return fd;
  const answer = call(fd);
  native.close(fd);
  return answer;
}

/** Gives a new object of the upper the flags that its lower, `opened` or not, hands on; 0 or an errno. */
export function copyFlags(fs: OverlayFs, lower: Place, target: Place, opened: number | null): number {
  const flags = opened === null ? onOpened(lower, (fd) => native.getFileFlags(fd)) : native.getFileFlags(opened);
  if (flags < 0) return 0;
  if (flags & PROTECTING) {
    const error = storeProtection(fs, target, flags & PROTECTING, 0);
    if (error === -E.EPERM) fs.log.warn("the upper takes no xattrs, so immutable and append-only are lost on copy-up", "protattr-copy");
    else if (error < 0) return error;
  }
  return flags & COPIED ? addFlags(fs, target, flags & COPIED) : 0;
}

function addFlags(fs: OverlayFs, target: Place, flags: number): number {
  const own = onOpened(target, (fd) => native.getFileFlags(fd));
  if (own < 0 && own !== -E.ENOTTY && own !== -E.EINVAL) return own;
  if (own >= 0) return onOpened(target, (fd) => setFileFlags(target, fd, (own & ~COPIED) | flags));
  fs.log.warn("the upper's file system has no file flags, so sync and noatime are lost on copy-up", "file-flags");
  return 0;
}

/** EPERM where the upper takes no xattrs: the flag itself is never set there. */
export function storeProtection(fs: OverlayFs, upper: Place, protection: Protection, before: Protection): number {
  if (protection) {
    if (!fs.work!.features.xattr) return -E.EPERM;
    const error = setXattr(upper, upper.layer.xattrs.protattr, encodeProtattr(protection), 0);
    return error === -E.EOPNOTSUPP ? -E.EPERM : error;
  }
  if (!before) return 0;
  const error = removeXattr(upper, upper.layer.xattrs.protattr);
  return error === -E.EOPNOTSUPP || error === -E.ENODATA ? 0 : error;
}
