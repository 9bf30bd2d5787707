/**
 * Redirects: a directory or a metacopy of one layer may say under which other name the layers below hold it,
 * because it was renamed: one name (renamed in its parent), or a path from the root of the overlay.
 * Source: Documentation/filesystems/overlayfs.rst, "renaming directories"; ovl_get_redirect_xattr in util.c,
 * ovl_get_redirect and ovl_set_redirect in dir.c.
 */
import { bytes, concat, type Bytes } from "../sys/bytes.js";
import { E, fail, isErrno, type Errno } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import { pathIn } from "./events.js";
import type { DirectoryInode, Inode } from "./inode.js";
import type { OverlayFs } from "./overlay-fs.js";
import { readXattr } from "./real-xattr.js";
import type { Place } from "./real.js";
import { setXattr } from "./upper.js";

/** Bytes of the longest path that is written (the kernel's parameter redirect_max). */
const REDIRECT_MAX = 256;
const SLASH = bytes("/");

/** A redirect as it was read: one name, or a path from the root whose last name is `name`. */
export interface Redirect {
  readonly name: Bytes;
  readonly path: readonly Bytes[] | null;
}

/** The redirect of an object of a layer; null where it has none, EINVAL where it is malformed. */
export function readRedirect(place: Place): Redirect | null | Errno {
  const value = readXattr(place, place.layer.xattrs.redirect);
  if (isErrno(value)) return value === -E.ENODATA || value === -E.EOPNOTSUPP ? null : value;
  return parseRedirect(value.toString("latin1") as Bytes);
}

function parseRedirect(text: Bytes): Redirect | Errno {
  if (!text.startsWith("/")) return text === "" || text.includes("/") ? fail(E.EINVAL) : { name: text, path: null };
  const path = text.slice(1).split("/") as Bytes[];
  return path.includes("" as Bytes) ? fail(E.EINVAL) : { name: path.at(-1)!, path };
}

/** A path from the root as the format writes it. */
export function joinPath(path: readonly Bytes[]): Bytes {
  return `/${path.join("/")}` as Bytes;
}

/** One name of an inode, as a rename sees it. */
export interface NamedInode {
  readonly parent: DirectoryInode;
  readonly name: Bytes;
  readonly inode: Inode;
}

/**
 * Writes where the lowers hold an object that is about to get another name, `to`; 0 or an errno: EXDEV where the path
 * would be too long or the upper takes no xattrs, upon which mv(1) copies.
 */
export function setRedirect(fs: OverlayFs, from: NamedInode, sameDirectory: boolean, to: Omit<NamedInode, "inode">): number {
  const { inode } = from;
  const absolute = !sameDirectory || (!inode.isDirectory && isHardLinkedLower(inode.lower));
  if (inode.redirect !== null && (!absolute || inode.redirect.startsWith("/"))) return 0;
  const redirect = absolute ? absoluteRedirect(from) : from.name;
  if (redirect === null) return -E.EXDEV;
  const value = Buffer.from(redirect, "latin1");
  const error = setXattr(inode.upper!, inode.upper!.layer.xattrs.redirect, value, 0);
  if (error < 0) {
    fs.log.warn(`a redirect could not be set (errno ${-error})`, "redirect");
    return -E.EXDEV;
  }
  inode.redirect = redirect;
  fs.onEvent?.({ kind: "redirect", path: pathIn(to.parent, to.name), lower: redirect });
  return 0;
}

const stat = new Stat();

function isHardLinkedLower(lower: Place | null): boolean {
  return lower !== null && native.statx(lower.dirfd(), lower.name, stat.fields) >= 0 && stat.nlink > 1;
}

/** The path of an object in the lowers: a redirected directory on the way stands for all above it. */
function absoluteRedirect({ parent, name, inode }: NamedInode): Bytes | null {
  let path = inode.redirect ?? name;
  for (let at: DirectoryInode = parent; !path.startsWith("/"); at = at.parent) {
    path = concat(SLASH, path);
    if (path.length > REDIRECT_MAX) return null;
    if (!at.parent) break;
    path = concat(at.redirect ?? at.name, path);
  }
  return path.length > REDIRECT_MAX ? null : path;
}
