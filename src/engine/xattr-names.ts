/**
 * The names of the xattrs in which the overlay format is written, and how they look from inside the merged
 * tree: its own are hidden, and one level of `overlay.` is taken off those of an overlay stored inside it.
 * Source: the kernel's Documentation/filesystems/overlayfs.rst, "Nesting overlayfs mounts", and
 * fs/overlayfs/xattrs.c.
 */
import { bytes, concat, type Bytes } from "../sys/bytes.js";

const PREFIX = bytes("trusted.overlay.");
const ESCAPE = bytes("overlay.");
const ESCAPED = concat(PREFIX, ESCAPE);
const XATTR_NAME_MAX = 255;

export const XATTR_OPAQUE = concat(PREFIX, bytes("opaque"));
export const XATTR_REDIRECT = concat(PREFIX, bytes("redirect"));
export const XATTR_ORIGIN = concat(PREFIX, bytes("origin"));
export const XATTR_IMPURE = concat(PREFIX, bytes("impure"));
export const XATTR_METACOPY = concat(PREFIX, bytes("metacopy"));
export const XATTR_PROTATTR = concat(PREFIX, bytes("protattr"));
export const XATTR_WHITEOUT = concat(PREFIX, bytes("whiteout"));

export const XATTR_ACL_ACCESS = bytes("system.posix_acl_access");
export const XATTR_ACL_DEFAULT = bytes("system.posix_acl_default");
export const XATTR_CAPABILITY = bytes("security.capability");

/** Whether an xattr of a layer belongs to the overlay format itself (and not to an overlay stored inside). */
export function isPrivate(name: string): boolean {
  return name.startsWith(PREFIX) && !name.startsWith(ESCAPED);
}

/** The name in the layer of an xattr named in the merged tree; null if it would be too long (EOPNOTSUPP). */
export function toLayer(name: Bytes): Bytes | null {
  if (!name.startsWith(PREFIX)) return name;
  const escaped = concat(ESCAPED, name.slice(PREFIX.length) as Bytes);
  return escaped.length > XATTR_NAME_MAX ? null : escaped;
}

/** The name in the merged tree of an xattr of a layer; null if it is hidden. */
export function toMerged(name: Bytes): Bytes | null {
  if (!name.startsWith(PREFIX)) return name;
  return name.startsWith(ESCAPED) ? concat(PREFIX, name.slice(ESCAPED.length) as Bytes) : null;
}
