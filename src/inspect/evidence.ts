/**
 * What a layer has under a name, with the marks that the overlay format gives it. It only reads, by the same functions
 * as the merge engine, and decides nothing.
 */
import { readMetacopy } from "../engine/metacopy.js";
import { isMarked, isMarkedOpaque, markOf, OPAQUE_MARK, OPAQUE_XATTR } from "../engine/oci.js";
import { RealFile, type RealDirectory } from "../engine/real.js";
import { joinPath, readRedirect } from "../engine/redirect.js";
import { isWhiteout, opacity } from "../engine/whiteout.js";
import type { Bytes } from "../sys/bytes.js";
import { E, fail, isErrno, type Errno } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { S_IFCHR, S_IFREG, Stat } from "../sys/stat.js";
import type { WhiteoutMark } from "./steps.js";

/** A redirect as it was read: its text, and its names where it is a path from the root. */
export interface RedirectMark {
  readonly text: Bytes;
  readonly name: Bytes;
  readonly path: readonly Bytes[] | null;
}

export type Evidence =
  | { readonly kind: "whiteout"; readonly stat: Stat; readonly mark: WhiteoutMark }
  | { readonly kind: "directory"; readonly stat: Stat; readonly opaque: "y" | "x" | null; readonly ociOpaque: Bytes | null; readonly redirect: RedirectMark | Errno | null }
  | { readonly kind: "file"; readonly stat: Stat; readonly metacopy: number | Errno; readonly redirect: RedirectMark | Errno | null };

const probe = Buffer.alloc(1);

/** What stands under a name of a real directory; null for nothing, an errno where that can't be found out. */
export function readEvidence(directory: RealDirectory, name: Bytes): Evidence | null | Errno {
  const fd = directory.fd();
  if (fd < 0) return fail(-fd);
  const stat = new Stat();
  const error = native.statx(fd, name, stat.fields);
  if (error < 0) return error === -E.ENOENT || error === -E.ENAMETOOLONG ? ociWhiteout(directory, name) : fail(-error);
  if (isWhiteout(directory, name, stat)) return { kind: "whiteout", stat, mark: stat.type === S_IFCHR ? "device" : "xattr" };
  if (stat.isDirectory) return directoryEvidence(directory, name, stat);
  const file = new RealFile(directory, name);
  const metacopy = stat.type === S_IFREG ? readMetacopy(file) : 0;
  return { kind: "file", stat, metacopy: metacopy < 0 ? fail(-metacopy) : metacopy, redirect: metacopy > 0 ? redirectOf(file) : null };
}

function directoryEvidence(parent: RealDirectory, name: Bytes, stat: Stat): Evidence {
  const child = parent.child(name);
  const isBesideMark = isMarked(parent, name);
  const mark = isBesideMark ? "opaque" : opacity(child);
  return {
    kind: "directory", stat, opaque: mark === "opaque" ? "y" : mark === "xwhiteouts" ? "x" : null,
    ociOpaque: isBesideMark ? markOf(name) : mark === "opaque" ? ociOpaque(child) : null,
    redirect: redirectOf(child),
  };
}

/** The mark of OCI layers by which the root of a layer hides the layers below it; the kernel's xattr does not count there. */
export function opaqueRootMark(root: RealDirectory): Bytes | null {
  return isMarkedOpaque(root) ? ociOpaqueMark(root) : null;
}

function ociOpaqueMark(directory: RealDirectory): Bytes {
  return native.getxattrat(directory.dirfd(), directory.name, OPAQUE_XATTR, probe) === 1 ? OPAQUE_XATTR : OPAQUE_MARK;
}

/** The mark of OCI layers that makes a directory opaque; null where the kernel's own xattr does. */
function ociOpaque(directory: RealDirectory): Bytes | null {
  const { layer, name } = directory;
  if (!layer.hasOciMarks || native.getxattrat(directory.dirfd(), name, layer.xattrs.opaque, probe) === 1) return null;
  return ociOpaqueMark(directory);
}

/** The file beside a missing name by which an OCI layer says that it is deleted. */
function ociWhiteout(directory: RealDirectory, name: Bytes): Evidence | null {
  if (!isMarked(directory, name)) return null;
  const stat = new Stat();
  native.statx(directory.fd(), markOf(name), stat.fields);
  return { kind: "whiteout", stat, mark: "oci" };
}

function redirectOf(place: RealDirectory | RealFile): RedirectMark | Errno | null {
  const redirect = readRedirect(place);
  if (redirect === null || isErrno(redirect)) return redirect;
  return { ...redirect, text: redirect.path ? joinPath(redirect.path) : redirect.name };
}
