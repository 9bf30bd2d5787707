/**
 * Redirects: a directory of one layer may say under which other name the layers below hold it, because it was
 * renamed. They are followed as the kernel does by default; we write none (a rename of a merged directory is
 * EXDEV). A redirect is one name (renamed in its parent) or a path from the root of the overlay.
 * Source: Documentation/filesystems/overlayfs.rst, "renaming directories"; ovl_check_redirect in namei.c.
 */
import type { Bytes } from "../sys/bytes.js";
import { E, fail, isErrno, type Errno } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import { readXattr } from "./real-xattr.js";
import type { RealDirectory } from "./real.js";
import { isWhiteout, opacity } from "./whiteout.js";
import { XATTR_REDIRECT } from "./xattr-names.js";

/** Where the layers below hold a directory: by `name` in the parent's directories, or by `path` from each root. */
export interface Trail {
  readonly name: Bytes;
  readonly path: readonly Bytes[] | null;
}

/** The trail below a directory of a layer: another one if it carries a redirect; EIO if that is malformed. */
export function follow(directory: RealDirectory, trail: Trail): Trail | Errno {
  const value = readXattr(directory, XATTR_REDIRECT);
  if (typeof value === "number") return trail;
  const target = value.toString("latin1") as Bytes;
  if (target.startsWith("/")) {
    const path = target.slice(1).split("/") as Bytes[];
    return path.some((part) => part === "") ? fail(E.EIO) : { name: path.at(-1)!, path };
  }
  if (target === "" || target.includes("/")) return fail(E.EIO);
  return { name: target, path: trail.path && [...trail.path.slice(0, -1), target] };
}

/** What a walk to the parent of a trail's end found in one layer. */
export interface Descent {
  /** The directory that may hold the last name; null if the layer has no such path. */
  readonly directory: RealDirectory | null;
  /** A directory on the way is opaque or hidden: the layers below have nothing to add. */
  readonly stop: boolean;
  /** The trail for the layers below: directories on the way may be redirected in their turn. */
  readonly trail: Trail;
}

const stat = new Stat();

/** Walks a path from a layer's root down to the directory that may hold its last name. */
export function descend(root: RealDirectory, trail: Trail & { readonly path: readonly Bytes[] }): Descent | Errno {
  let directory = root;
  let stop = false;
  let next: Trail = trail;
  for (const [index, name] of trail.path.slice(0, -1).entries()) {
    const fd = directory.fd();
    if (fd < 0) return fail(-fd);
    const found = native.statx(fd, name, stat.fields);
    if (found === -E.ENOENT) return { directory: null, stop, trail: next };
    if (isErrno(found)) return found;
    if (isWhiteout(directory, name, stat) || !stat.isDirectory) return { directory: null, stop: true, trail: next };
    directory = directory.child(name);
    if (opacity(directory) === "opaque") stop = true;
    const below = follow(directory, { name, path: trail.path.slice(0, index + 1) });
    if (isErrno(below)) return below;
    if (below.path) next = { name: trail.name, path: [...below.path, ...trail.path.slice(index + 1)] };
  }
  return { directory, stop, trail: next };
}
