/**
 * A layer: one directory tree of the stack. Where the system lets us, a layer is seen through a private copy
 * of its mount, as the kernel's overlay does it (ovl_get_layers): nothing mounted over or inside the layer
 * later can be met, so a mountpoint inside a layer can't deadlock; and the copy of a lower is read-only and
 * noatime, so that even a fault of ours could not write to it.
 */
import { concat, bytes, display, type Bytes } from "../sys/bytes.js";
import {
  AT_FDCWD, MOUNT_ATTR_NOATIME, MOUNT_ATTR_RDONLY, O_DIRECTORY, O_NOATIME, O_PATH, O_RDONLY,
  RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS, RESOLVE_NO_XDEV,
} from "../sys/constants.js";
import { E, errnoName } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import type { DescriptorCache } from "./descriptors.js";
import { OptionError } from "./options.js";
import { ownReadahead } from "./own-readahead.js";
import { mayCopyRanges } from "./range-copy.js";
import { ITSELF, RealDirectory } from "./real.js";
import type { XattrNames } from "./xattr-names.js";

/** In which marks a layer is written. */
export interface LayerFormat {
  readonly xattrs: XattrNames;
  /** It may hold the marks of OCI layers beside the kernel's (oci.ts). */
  readonly hasOciMarks: boolean;
}

/** One layer of the stack. */
export class Layer {
  readonly root: RealDirectory;
  readonly xattrs: XattrNames;
  readonly hasOciMarks: boolean;
  /** The uuid of its file system does not tell it from another: file handles are not taken to be of this one. */
  isAmbiguous = false;
  /** Whether its files may share blocks with those of the upper: false once that was refused for good. */
  mayReflink = true;
  /** copy_file_range(2) may be more than reading and writing its files (range-copy.ts). */
  readonly mayCopyRanges: boolean;
  /** The xattr in which it keeps owner and mode of its objects (override-stat.ts); null where the file system does. */
  statOverride: Bytes | null = null;
  /** It finds names in another case than they are listed in; null while nobody has asked (known-names.ts). */
  foldsCase: boolean | null = null;
  /** Bytes that are read ahead in its files without our doing (own-readahead.ts). */
  readonly ownReadahead: number;

  constructor(
    cache: DescriptorCache,
    /** 0 is the upper (or its place where there is none), 1 the topmost lower. */
    readonly index: number,
    /** Where it was found, absolute, symlinks resolved. */
    readonly path: Bytes,
    fd: number,
    /** Seen through a private copy of its mount. */
    readonly isPrivate: boolean,
    format: LayerFormat,
  ) {
    this.xattrs = format.xattrs;
    this.hasOciMarks = format.hasOciMarks;
    this.root = RealDirectory.root(cache, this, fd);
    this.mayCopyRanges = mayCopyRanges(fd);
    const stat = new Stat();
    this.ownReadahead = native.statx(fd, ITSELF, stat.fields) < 0 ? 0 : ownReadahead(stat.devMajor, stat.devMinor);
  }

  get isUpper(): boolean {
    return this.index === 0;
  }

  /** Opens for reading and leaves the access time alone where we may; a descriptor or a negated errno. */
  openQuietly(dirfd: number, name: Bytes, flags: number): number {
    if (this.isPrivate || this.isUpper) return native.openat(dirfd, name, flags, 0);
    const fd = native.openat(dirfd, name, flags | O_NOATIME, 0);
    return fd === -E.EPERM ? native.openat(dirfd, name, flags, 0) : fd;
  }
}

/** A directory that the user named, opened. */
export interface OpenedDirectory {
  readonly option: string;
  readonly fd: number;
  readonly path: Bytes;
  readonly stat: Stat;
}

/** Opens the directory that an option names, following symlinks as the shell would; throws OptionError. */
export function openNamed(option: string, path: Bytes): OpenedDirectory {
  const fd = native.openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
  if (fd < 0) throw new OptionError(`${option} '${display(path)}' ${reason(fd)}`);
  const stat = new Stat();
  native.statx(fd, ITSELF, stat.fields);
  return { option, fd, path: canonicalPath(fd), stat };
}

function reason(error: number): string {
  switch (-error) {
    case E.ENOENT: return "does not exist; create the directory or correct the path";
    case E.ENOTDIR: return "is not a directory; name a directory";
    case E.EACCES: return "may not be read by this user; change its permissions or mount as another user";
    case E.ENOTCONN: return "lies on a stale FUSE mount whose daemon is gone; unmount that first";
    case E.ELOOP: return "is a loop of symlinks; correct the path";
    case E.ENAMETOOLONG: return "is too long a path; use a shorter one";
    default: return `cannot be opened (${errnoName(error)}); correct the path`;
  }
}

/** The path of an open directory as the system sees it now. */
export function canonicalPath(fd: number): Bytes {
  const buffer = Buffer.alloc(4096);
  const length = native.readlinkat(AT_FDCWD, bytes(`/proc/self/fd/${fd}`), buffer);
  return (length < 0 ? "" : buffer.toString("latin1", 0, length)) as Bytes;
}

/** Whether `path` is `directory` or lies below it (canonical paths). */
export function isWithin(path: Bytes, directory: Bytes): boolean {
  return path === directory || directory === "/" || path.startsWith(concat(directory, bytes("/")));
}

/** Makes a lower layer of an opened directory, whose descriptor it takes over. */
export function lowerLayer(cache: DescriptorCache, index: number, opened: OpenedDirectory, format: LayerFormat): Layer {
  const copy = native.cloneMount(opened.fd);
  if (copy >= 0) {
    const sealed = native.mountSetattr(copy, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME);
    const fd = sealed < 0 ? sealed : native.openat(copy, bytes("."), O_RDONLY | O_DIRECTORY, 0);
    native.close(copy);
    if (fd >= 0) {
      native.close(opened.fd);
      return new Layer(cache, index, opened.path, fd, true, format);
    }
  }
  return new Layer(cache, index, opened.path, opened.fd, false, format);
}

/** Descriptors of the upper and the work directory, both in the same (private, where we may) mount. */
export interface WritablePair {
  readonly upperFd: number;
  readonly workFd: number;
  readonly isPrivate: boolean;
}

/**
 * Reopens upper and work through one private copy of their mount: it is taken at their common ancestor,
 * because a rename between two mounts is EXDEV even on one file system.
 */
export function privatePair(upper: OpenedDirectory, work: OpenedDirectory): WritablePair {
  const shared = { upperFd: upper.fd, workFd: work.fd, isPrivate: false };
  const ancestor = commonAncestor(upper.path, work.path);
  const ancestorFd = native.openat(AT_FDCWD, ancestor, O_PATH | O_DIRECTORY, 0);
  if (ancestorFd < 0) return shared;
  const stat = new Stat();
  native.statx(ancestorFd, ITSELF, stat.fields);
  const copy = stat.mountId === upper.stat.mountId ? native.cloneMount(ancestorFd) : -E.EXDEV;
  native.close(ancestorFd);
  if (copy < 0) return shared;
  const upperFd = openBelow(copy, ancestor, upper.path);
  const workFd = openBelow(copy, ancestor, work.path);
  native.close(copy);
  if (upperFd >= 0 && workFd >= 0) {
    native.close(upper.fd);
    native.close(work.fd);
    return { upperFd, workFd, isPrivate: true };
  }
  if (upperFd >= 0) native.close(upperFd);
  if (workFd >= 0) native.close(workFd);
  return shared;
}

function commonAncestor(a: Bytes, b: Bytes): Bytes {
  const left = a.split("/");
  const right = b.split("/");
  let shared = 0;
  while (shared < left.length && left[shared] === right[shared]) shared++;
  return (left.slice(0, shared).join("/") || "/") as Bytes;
}

function openBelow(copy: number, ancestor: Bytes, path: Bytes): number {
  const relative = path.slice(ancestor === "/" ? 1 : ancestor.length + 1) as Bytes;
  const resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  return native.openat2(copy, relative || bytes("."), O_RDONLY | O_DIRECTORY, 0, resolve);
}
