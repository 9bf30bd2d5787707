/**
 * What happens in an overlay, told while it happens to one listener, if there is one: what its users did, each of
 * these as soon as it is done, and before it what the overlay itself did for it. Where nobody listens an event is not even
 * made: each place that tells asks for the listener first.
 */
import { bytes, type Bytes } from "../sys/bytes.js";
import type { ObjectType } from "../sys/object-type.js";
import type { DirectoryInode, Inode } from "./inode.js";
import type { LayerName } from "./provenance.js";
import type { AttrChange } from "./types.js";

/** Paths are those in the merged tree, from its root, which is `.`; null for what has no name (any more). */
export type OverlayEvent =
  /** An object of a lower stands in the upper now: all of it, or for a metacopy its attributes, and later its data. */
  | {
    readonly kind: "copy-up"; readonly path: Bytes | null; readonly type: ObjectType; readonly from: LayerName;
    readonly part: "all" | "attributes" | "data";
    /** Bytes of data copied. */
    readonly bytes: number;
  }
  /** The upper hides what the lowers have under a name. */
  | { readonly kind: "whiteout"; readonly path: Bytes }
  /** A directory of the upper hides what the lowers have in it. */
  | { readonly kind: "opaque"; readonly path: Bytes }
  /** What the lowers have at `lower` (a name beside it, or a path that begins with a slash) is shown at `path`. */
  | { readonly kind: "redirect"; readonly path: Bytes; readonly lower: Bytes }
  | { readonly kind: "create"; readonly path: Bytes | null; readonly type: ObjectType; /** Of a symlink. */ readonly target?: Bytes }
  | { readonly kind: "remove"; readonly path: Bytes; readonly type: ObjectType }
  | { readonly kind: "rename"; readonly path: Bytes; readonly to: Bytes; /** What stood at `to` is at `path` now. */ readonly exchange: boolean }
  | { readonly kind: "link"; readonly path: Bytes | null; readonly to: Bytes }
  /** Attributes were set, in words: `mode 600`, `owner 0:0`, `size 0`, `mtime`, `no setuid`, `xattr user.x`, `no xattr user.x`, `flags`, `space`. */
  | { readonly kind: "metadata"; readonly path: Bytes | null; readonly changes: readonly Bytes[] }
  | { readonly kind: "write"; readonly path: Bytes | null; readonly offset: number; readonly bytes: number }
  /** A name was looked up and is not there: no layer has it, or a whiteout hides it. */
  | { readonly kind: "lookup-miss"; readonly path: Bytes; readonly reason: "absent" | "whiteout" };

export type EventListener = (event: OverlayEvent) => void;

/** The path of a name in a directory. */
export function pathIn(directory: DirectoryInode, name: Bytes): Bytes {
  let path = name as string;
  for (let at = directory; at.parent; at = at.parent) path = `${at.name}/${path}`;
  return path as Bytes;
}

/** The path of an inode, by its first name if it has several. */
export function pathOf(inode: Inode): Bytes | null {
  if (inode.isDirectory && inode.removed) return null;
  if (inode.parent) return pathIn(inode.parent, inode.name);
  return inode.isDirectory ? "." as Bytes : null;
}

/** A change of attributes in words. */
export function changeWords({ mode, uid, gid, size, atime, mtime, killPrivileges }: AttrChange): Bytes[] {
  const id = (value: number | undefined): string => value === undefined || value < 0 ? "" : String(value);
  const words = [
    size === undefined ? null : `size ${size}`,
    id(uid) + id(gid) === "" ? null : `owner ${id(uid)}:${id(gid)}`,
    mode === undefined ? null : `mode ${(mode & 0o7777).toString(8)}`,
    atime ? "atime" : null,
    mtime ? "mtime" : null,
  ];
  const told = words.filter((word) => word !== null) as Bytes[];
  // It goes with a change of the owner or size, unless a write was the reason.
  return told.length === 0 && killPrivileges ? [bytes("no setuid")] : told;
}
