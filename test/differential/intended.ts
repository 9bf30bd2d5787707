/**
 * The differences that are intended, each with the line of docs/differences.md that says so. Nothing else is left
 * out of a comparison; what a file system gives out by itself (inode numbers, a directory's size and link count)
 * is compared elsewhere or is no matter of the overlay.
 *
 * 1. "when a file is copied up": the kernel copies up when a file is opened for writing, ovlfs with its first
 *    change. An `eager` run makes a change that changes nothing right after each such open (perform.ts).
 * 2. "a descriptor opened for reading before the copy-up", "a mapping made before the copy-up": on the kernel's
 *    side such descriptors are opened anew for each read (side.ts).
 * 3. "positions of a directory stream", "order of names": listings are sorted, and a stream's pieces are not
 *    compared but checked on ovlfs's side (acts.ts).
 * 4. "trusted.overlay.uuid" is not written by ovlfs.
 * 5. "a whiteout in a directory that is not merged" is listed by the kernel, though it is nothing (also acts.ts).
 */
import type { Side } from "./side.js";
import type { Picture, Snapshot } from "../harness/snapshot.js";

function without(picture: Picture, ...fields: string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(picture).filter(([field]) => !fields.includes(field)));
}

function mapped(tree: Snapshot, view: (picture: Picture, path: string) => Picture): Snapshot {
  return new Map([...tree].map(([path, picture]) => [path, view(picture, path)]));
}

function withoutBareWhiteouts(tree: Snapshot): Snapshot {
  return new Map([...tree].filter(([, picture]) => picture.type !== "refused with ENOENT"));
}

/** The merged trees of the two sides. */
export function mergedView(tree: Snapshot, side: Side): Snapshot {
  return mapped(withoutBareWhiteouts(tree), (picture) => {
    const view = without(picture, "ino", "atime", ...(picture.type === "directory" ? ["nlink"] : []));
    if (view.mtime !== undefined) view.mtime = side.toldTime(view.mtime);
    return view;
  });
}

/** The uppers of the two sides. Whiteouts are linked to one another by the kernel. */
export function upperView(tree: Snapshot, side: Side): Snapshot {
  return mapped(tree, (picture) => {
    if (picture.device === "0,0") return { type: "whiteout" };
    const view = without(picture, "ino", "atime", "xattr trusted.overlay.uuid", ...(picture.type === "directory" ? ["nlink"] : []));
    view.mtime = side.toldTime(view.mtime!);
    return view;
  });
}

/** One upper as two implementations show it. */
export function otherView(tree: Snapshot): Snapshot {
  return mapped(withoutBareWhiteouts(tree), (picture) => without(picture, "ino", "atime", ...(picture.type === "directory" ? ["nlink"] : [])));
}
