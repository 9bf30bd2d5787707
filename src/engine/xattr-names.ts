/**
 * The names of the xattrs in which the overlay format is written, and how they look from inside the merged
 * tree: its own are hidden, and one level of `overlay.` is taken off those of an overlay stored inside it.
 * They begin with `trusted.overlay.`, or with `user.overlay.` where the mount says `userxattr`.
 * Source: the kernel's Documentation/filesystems/overlayfs.rst, "Nesting overlayfs mounts", and
 * fs/overlayfs/xattrs.c.
 */
import { bytes, concat, type Bytes } from "../sys/bytes.js";
import type { Config } from "./config.js";

const ESCAPE = bytes("overlay.");
const XATTR_NAME_MAX = 255;
/** The names that fuse-overlayfs has for its own marks. */
const FUSE_OVERLAYFS = "user.fuseoverlayfs.";
const OVERRIDES: readonly string[] = ["security.fuseoverlayfs.override_stat", "user.containers.override_stat"];

export const XATTR_ACL_ACCESS = bytes("system.posix_acl_access");
export const XATTR_ACL_DEFAULT = bytes("system.posix_acl_default");
export const XATTR_CAPABILITY = bytes("security.capability");

/**
 * What a mount tells of itself is read as xattrs of this prefix (src/virtual-xattrs.ts). They are not stored, so what a
 * layer really has under such a name is not seen, not copied up, and not to be set.
 */
const VIRTUAL_PREFIX = "user.ovlfs.";

/** Of names in use, one letter tells nearly all others apart: this is asked before each write that the kernel makes. */
const TELLING = VIRTUAL_PREFIX.indexOf("o");
const TOLD = VIRTUAL_PREFIX.charCodeAt(TELLING);

/** Whether an xattr's name is kept for what a mount tells of itself. */
export function isVirtual(name: string): boolean {
  return name.charCodeAt(TELLING) === TOLD && name.startsWith(VIRTUAL_PREFIX);
}

/** The names in use by one overlay. */
export class XattrNames {
  readonly #prefix: Bytes;
  readonly #escaped: Bytes;
  readonly opaque: Bytes;
  readonly redirect: Bytes;
  readonly origin: Bytes;
  readonly impure: Bytes;
  readonly nlink: Bytes;
  readonly upper: Bytes;
  readonly uuid: Bytes;
  readonly metacopy: Bytes;
  readonly protattr: Bytes;
  readonly whiteout: Bytes;

  /** `hidesFuseOverlayfs`: the marks of fuse-overlayfs are the overlay's own too, and have no place in the merged tree. */
  constructor(namespace: "trusted" | "user", private readonly hidesFuseOverlayfs = false) {
    const prefix = bytes(`${namespace}.overlay.`);
    const named = (name: string): Bytes => concat(prefix, bytes(name));
    this.#prefix = prefix;
    this.#escaped = concat(prefix, ESCAPE);
    this.opaque = named("opaque");
    this.redirect = named("redirect");
    this.origin = named("origin");
    this.impure = named("impure");
    this.nlink = named("nlink");
    this.upper = named("upper");
    this.uuid = named("uuid");
    this.metacopy = named("metacopy");
    this.protattr = named("protattr");
    this.whiteout = named("whiteout");
  }

  /** Whether an xattr of a layer belongs to the overlay format itself (and not to an overlay stored inside). */
  isPrivate(name: string): boolean {
    return (name.startsWith(this.#prefix) && !name.startsWith(this.#escaped)) || this.#isForeign(name);
  }

  /** The name in the layer of an xattr named in the merged tree; null if it would be too long, or can't be (EOPNOTSUPP). */
  toLayer(name: Bytes): Bytes | null {
    if (!name.startsWith(this.#prefix)) return this.#isForeign(name) ? null : name;
    const escaped = concat(this.#escaped, name.slice(this.#prefix.length) as Bytes);
    return escaped.length > XATTR_NAME_MAX ? null : escaped;
  }

  /** The name in the merged tree of an xattr of a layer; null if it is hidden. */
  toMerged(name: Bytes): Bytes | null {
    if (!name.startsWith(this.#prefix)) return this.#isForeign(name) ? null : name;
    return name.startsWith(this.#escaped) ? concat(this.#prefix, name.slice(this.#escaped.length) as Bytes) : null;
  }

  #isForeign(name: string): boolean {
    return this.hidesFuseOverlayfs && (name.startsWith(FUSE_OVERLAYFS) || OVERRIDES.includes(name));
  }
}

/** `trusted.overlay.*`: for those who may (CAP_SYS_ADMIN). */
export const TRUSTED = new XattrNames("trusted");
/** `user.overlay.*`: for the option `userxattr`. */
export const USER = new XattrNames("user");

/** Those that an overlay's options ask for. */
export function xattrNames({ userxattr, whiteouts }: Pick<Config, "userxattr" | "whiteouts">): XattrNames {
  if (whiteouts === "oci") return new XattrNames(userxattr ? "user" : "trusted", true);
  return userxattr ? USER : TRUSTED;
}
