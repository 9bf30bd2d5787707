/**
 * Where the data of a file is: in the file itself, or, for a metacopy, in a file below. That of a data-only
 * layer is looked for with the first access, by the path of the redirect.
 * Source: ovl_maybe_lookup_lowerdata and ovl_verify_lowerdata in fs/overlayfs/namei.c.
 */
import type { Bytes } from "../sys/bytes.js";
import { E } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { S_IFREG, Stat } from "../sys/stat.js";
import type { FileInode } from "./inode.js";
import type { Layer } from "./layer.js";
import { verifyData } from "./metacopy.js";
import type { OverlayFs } from "./overlay-fs.js";
import { RealFile, type RealDirectory } from "./real.js";

/** The file that holds an inode's data now, or an errno: EIO where there is none or its digest is another. */
export function dataOf(fs: OverlayFs, inode: FileInode): RealFile | number {
  const { metacopy } = inode;
  if (!metacopy) return inode.real;
  if (!metacopy.data) {
    const found = findInDataLayers(fs, metacopy.path);
    if (typeof found === "number") {
      fs.log.warn(`the data of a metacopy was not found in the data-only layers (errno ${-found})`, "lower-data");
      return found;
    }
    metacopy.data = found;
  }
  if (!metacopy.isVerified) {
    const error = verifyData(fs, inode.real, metacopy.data);
    if (error < 0) return error;
    metacopy.isVerified = true;
  }
  return metacopy.data;
}

const stat = new Stat();

function findInDataLayers(fs: OverlayFs, path: readonly Bytes[]): RealFile | number {
  let error: number = -E.ENOENT;
  for (const layer of fs.dataLayers) {
    const found = findInLayer(layer, path);
    if (typeof found !== "number") return found;
    error = found;
  }
  return error;
}

function findInLayer(layer: Layer, path: readonly Bytes[]): RealFile | number {
  let directory: RealDirectory = layer.root;
  for (const name of path.slice(0, -1)) directory = directory.child(name);
  const dirfd = directory.fd();
  if (dirfd < 0) return dirfd;
  const name = path.at(-1)!;
  const error = native.statx(dirfd, name, stat.fields);
  if (error < 0) return error;
  return stat.type === S_IFREG ? new RealFile(directory, name) : -E.ENOENT;
}
