/**
 * Where an object of the merged tree comes from: the layer and the path of what gives it, of a metacopy's data, and of
 * the lower that it was copied up from. All of it is read from what stands in the layers, for whoever asks; nothing
 * is kept for it.
 */
import { bytes, concat, display, type Bytes } from "../sys/bytes.js";
import { RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS, O_NOFOLLOW, O_PATH } from "../sys/constants.js";
import { isErrno } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { S_IFREG, Stat } from "../sys/stat.js";
import type { DirectoryInode, FileInode, Inode } from "./inode.js";
import { canonicalPath, isWithin, type Layer } from "./layer.js";
import { dataOf } from "./lower-data.js";
import { isHandle, openOrigin } from "./origin.js";
import type { OverlayFs } from "./overlay-fs.js";
import { readXattr } from "./real-xattr.js";
import { ITSELF, type Place, type RealFile } from "./real.js";

/** A layer as it is spoken of: `upper`, `lower 1` (the topmost), `data 1`. */
export interface LayerName {
  readonly kind: "upper" | "lower" | "data";
  /** Counted from 1; 0 for the upper. */
  readonly number: number;
  /** Its directory, absolute, as it was found at the mount. */
  readonly path: Bytes;
}

/** An object of a layer. */
export interface RealPlace {
  readonly layer: LayerName;
  /** Absolute; null where it has no name (any more), or it is not known. */
  readonly path: Bytes | null;
}

export interface Provenance {
  /** What gives the attributes, and the data unless `data` says otherwise; of a merged directory the topmost. */
  readonly top: RealPlace;
  /** What gives the data, where that is another file: `top` is a metacopy. */
  readonly data: RealPlace | null;
  /** The lower object that one in the upper was copied up from; "unknown" where it was, and is not found any more. */
  readonly origin: RealPlace | "unknown" | null;
}

/** A layer's name without its path: `lower 1`. */
export function layerWords({ kind, number }: LayerName): string {
  return number === 0 ? kind : `${kind} ${number}`;
}

/** A layer's name for people: `lower 1 (/layers/base)`. */
export function describeLayer(layer: LayerName): string {
  return `${layerWords(layer)} (${display(layer.path)})`;
}

export function nameOf(fs: Pick<OverlayFs, "lower">, { index, path }: Layer): LayerName {
  if (index === 0) return { kind: "upper", number: 0, path };
  const merged = fs.lower.length;
  return index <= merged ? { kind: "lower", number: index, path } : { kind: "data", number: index - merged, path };
}

/** Where an inode comes from. */
export function provenanceOf(fs: OverlayFs, inode: Inode): Provenance {
  if (inode.isDirectory) {
    const origin = inode.upper && inode.lower.length > 0 ? placeOf(fs, inode.lower[0]!) : null;
    return { top: placeOf(fs, inode.real), data: null, origin };
  }
  return { top: topOf(fs, inode), data: dataPlace(fs, inode), origin: originOf(fs, inode) };
}

/** An object of a layer, and its path from the layer's root. */
interface Real {
  readonly layer: Layer;
  readonly path: Bytes | null;
}

function placeOf(fs: OverlayFs, { layer, path }: Real): RealPlace {
  return { layer: nameOf(fs, layer), path: path === null ? null : absolute(layer, path) };
}

/** Where `path` of a layer is on this machine; it is empty, or begins with a slash. */
export function absolute(layer: Pick<Layer, "path">, path: Bytes): Bytes {
  if (path === "") return layer.path;
  return layer.path === "/" ? path : concat(layer.path, path);
}

function topOf(fs: OverlayFs, inode: FileInode): RealPlace {
  const place = placeOf(fs, inode.real);
  return inode.upper && inode.indexed && place.path === null ? { ...place, path: indexedPath(fs, inode, inode.indexed.name) } : place;
}

const stat = new Stat();
const other = new Stat();

/** An indexed file is held by its entry in the index; it is told by one of its names that the upper has, if there is one. */
function indexedPath(fs: OverlayFs, { links }: FileInode, entry: Bytes): Bytes {
  for (const { parent, name } of links) {
    if (!parent.upper || native.statx(parent.upper.fd(), name, stat.fields) < 0) continue;
    const path = parent.upper.path;
    if (path !== null) return absolute(fs.upper!, concat(path, bytes("/"), name));
  }
  return concat(fs.work!.path, bytes("/index/"), entry);
}

function dataPlace(fs: OverlayFs, inode: FileInode): RealPlace | null {
  if (!inode.metacopy || inode.type !== S_IFREG) return null;
  const data = dataOf(fs, inode);
  return typeof data === "number" ? null : placeOf(fs, data);
}

function originOf(fs: OverlayFs, inode: FileInode): RealPlace | "unknown" | null {
  const { upper, lower } = inode;
  if (!upper) return null;
  return lower ? placeOf(fs, lower) : storedOrigin(fs, inode, upper);
}

/**
 * As the upper's origin mark has it: a file handle, which names a file but no place. A layer is known to hold it where
 * it is found there, or where no other layer is on that file system.
 */
function storedOrigin(fs: OverlayFs, { parent, name }: FileInode, upper: RealFile): RealPlace | "unknown" | null {
  const value = readXattr(upper, upper.layer.xattrs.origin);
  if (isErrno(value)) return null;
  if (!isHandle(value)) return "unknown";
  const handle = Buffer.from(value);
  const layers: Layer[] = [];
  for (let opened = openOrigin(fs, handle); opened; opened = openOrigin(fs, handle, opened.layer.index)) {
    const { layer, fd } = opened;
    native.statx(fd, ITSELF, stat.fields);
    const path = pathBeside(parent, name, layer) ?? pathByDescriptor(fd, layer);
    native.close(fd);
    if (path !== null) return placeOf(fs, { layer, path });
    layers.push(layer);
  }
  return layers.length === 1 ? placeOf(fs, { layer: layers[0]!, path: null }) : "unknown";
}

/** The path in a layer of the file of `stat`, if it stands there under the name that the merged tree has. */
function pathBeside(parent: DirectoryInode | null, name: Bytes, layer: Layer): Bytes | null {
  const directory = parent?.lower.find((lower) => lower.layer === layer);
  if (!directory || !isSame(directory.fd(), name)) return null;
  return directory.path === null ? null : concat(directory.path, bytes("/"), name);
}

/** The same as the system says that it is, if it knows: what a handle opened may have no name yet. */
function pathByDescriptor(fd: number, layer: Layer): Bytes | null {
  const found = canonicalPath(fd);
  if (!layer.isPrivate && !isWithin(found, layer.path)) return null;
  const path = (layer.isPrivate || layer.path === "/" ? found : found.slice(layer.path.length)) as Bytes;
  const resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  const opened = native.openat2(layer.root.fd(), path.slice(1) as Bytes, O_PATH | O_NOFOLLOW, 0, resolve);
  if (opened < 0) return null;
  const isIt = isSame(opened, ITSELF);
  native.close(opened);
  return isIt ? path : null;
}

function isSame(dirfd: number, name: Place["name"]): boolean {
  return dirfd >= 0 && native.statx(dirfd, name, other.fields) >= 0 && other.dev === stat.dev && other.ino === stat.ino;
}
