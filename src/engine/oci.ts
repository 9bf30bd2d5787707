/**
 * The marks of OCI layers, which say by names what the kernel's overlay says by devices and xattrs: a file `.wh.NAME`
 * hides NAME of the layers below, and `.wh..wh..opq` in a directory hides all that they have in it. They are read in
 * layers where the option whiteouts=oci says so, and hide nothing of their own layer; the merged tree has no such names.
 * Source: OCI image specification, layer.md, "Whiteouts"; fuse-overlayfs(1), which marks opaque directories by an
 * xattr of its own too.
 */
import { bytes, concat, type Bytes } from "../sys/bytes.js";
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import { ITSELF, type RealDirectory } from "./real.js";

const PREFIX = bytes(".wh.");
const RESERVED = bytes(".wh..wh.");
/** The mark of an opaque directory that fuse-overlayfs writes beside that. */
export const OPAQUE_XATTR = bytes("user.fuseoverlayfs.opaque");
const YES = 0x79;

/** The mark of an opaque directory, inside it. */
export const OPAQUE_MARK = bytes(".wh..wh..opq");
const BELOW_OPAQUE_MARK = bytes(`/${OPAQUE_MARK}`);

const stat = new Stat();
const probe = Buffer.alloc(1);

/** Whether a name is kept for marks, so that no file of the merged tree can have it. */
export function isMarkName(name: Bytes): boolean {
  return name.startsWith(PREFIX);
}

/** The name of the file that hides `name`. */
export function markOf(name: Bytes): Bytes {
  return concat(PREFIX, name);
}

/** The name that a mark hides; null for one that is about no name, such as that of an opaque directory. */
export function hiddenBy(mark: Bytes): Bytes | null {
  return mark.startsWith(RESERVED) ? null : mark.slice(PREFIX.length) as Bytes;
}

/** Whether a directory holds the mark that hides `name` of the layers below; false where its layer has no such marks. */
export function isMarked(directory: RealDirectory, name: Bytes): boolean {
  return directory.layer.hasOciMarks && native.statx(directory.fd(), markOf(name), stat.fields) >= 0;
}

/** Whether a directory is opaque by a mark in it, or by fuse-overlayfs's xattr; false where its layer has no such marks. */
export function isMarkedOpaque(directory: RealDirectory): boolean {
  if (!directory.layer.hasOciMarks) return false;
  const dirfd = directory.dirfd();
  const { name } = directory;
  if (native.getxattrat(dirfd, name, OPAQUE_XATTR, probe) === 1 && probe[0] === YES) return true;
  // By way of its name, because most directories that are asked are not opened otherwise.
  const mark = name === ITSELF ? OPAQUE_MARK : concat(name, BELOW_OPAQUE_MARK);
  return native.statx(dirfd, mark, stat.fields) >= 0;
}
