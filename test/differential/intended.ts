/**
 * The differences that are intended, each with the line of docs/differences.md that says so. Nothing else is left
 * out of a comparison; what a file system gives out by itself (inode numbers, a directory's size and link count)
 * is compared elsewhere or is no matter of the overlay.
 *
 * 1. "when a file is copied up": the kernel copies up when a file is opened for writing, ovlfs with its first
 *    change. An eager run makes a change that changes nothing right after each such open (perform.ts), another compares
 *    the uppers without what the kernel alone copied up (`withoutEarlyCopies`).
 * 2. "a mapping made before the copy-up": not compared by their content then (mappings.ts).
 * 3. "positions of a directory stream", "order of names", "names made or deleted while a directory is read": listings
 *    are sorted, and a stream's pieces are not compared but checked on ovlfs's side (acts.ts).
 * 4. "trusted.overlay.uuid" is random: that it is there is compared.
 * 5. "a whiteout in a directory that is not merged" is listed by the kernel, though it is nothing (also acts.ts).
 * 6. "a name that may not be followed" fails the kernel's listing, or is left out of it (also acts.ts).
 * 7. "the size that listxattr(2) asks for" (also perform.ts).
 * 8. "link count of a deleted lower file that is still open" (`sameAnswer`).
 * 9. "SEEK_DATA, SEEK_HOLE after a copy-up" and "on a directory": see `seek` in acts.ts. "fallocate(2) with …" and
 *    "chown(2) of a setuid file …": such calls are not drawn.
 * 10 to 18: at the functions below, but 17: apart.ts, and 16 also run.ts.
 */
import { readlinkSync } from "node:fs";
import type { Call } from "./call.js";
import type { OptionSet } from "./option-sets.js";
import type { Side } from "./side.js";
import { S_IFDIR, S_IFREG } from "../../src/sys/stat.js";
import type { Picture, Snapshot } from "../harness/snapshot.js";

const ORIGIN = "xattr trusted.overlay.origin";
const UUID = "xattr trusted.overlay.uuid";
const NLINK = "xattr trusted.overlay.nlink";
const IMPURE = "xattr trusted.overlay.impure";

const LINKS = / nlink (\d+)/;

function without(picture: Picture, ...fields: string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(picture).filter(([field]) => !fields.includes(field)));
}

function mapped(tree: Snapshot, view: (picture: Picture, path: string) => Picture): Snapshot {
  return new Map([...tree].map(([path, picture]) => [path, view(picture, path)]));
}

/** Without names that are listed and are nothing, or may not be followed. */
function withoutBareWhiteouts(tree: Snapshot): Snapshot {
  return new Map([...tree].filter(([, picture]) => !/^refused with (ENOENT|EPERM|EIO)$/.test(picture.type!)));
}

function isDeleted(side: Side, slot: number): boolean {
  const kept = side.kept.get(slot);
  return kept !== undefined && readlinkSync(`/proc/self/fd/${kept.fd}`, "latin1").endsWith(" (deleted)");
}

/**
 * Item 11, "a change through a descriptor of a deleted lower file": the kernel tries to copy it up to the name that is
 * gone (EEXIST, or ENOENT or ENOTDIR where its directory is gone too; but a device, fifo, socket or symlink comes back there), ovlfs makes the change (ENOENT for those). From
 * then on the two differ, so descriptors of deleted files are closed on both sides; `mayRevive` is asked beforehand.
 */
export function closedForChange(call: Call, wanted: string, sides: readonly Side[]): boolean {
  const [kernel] = sides;
  const slots = call.arguments.flatMap((argument) => (typeof argument === "object" && "slot" in argument ? [argument.slot] : []));
  if (!["EEXIST", "ENOENT", "ENOTDIR"].includes(wanted) || call.name === "linkat" || !slots.some((slot) => isDeleted(kernel!, slot))) return false;
  const deleted = [...kernel!.kept.keys()].filter((slot) => isDeleted(kernel!, slot));
  for (const side of sides) for (const slot of deleted) side.drop(slot);
  return true;
}

/** Whether the kernel would make a deleted special file stand where it was: the call is not made. */
export function mayRevive(call: Call, sides: readonly Side[]): boolean {
  const [first] = call.arguments;
  if (!CHANGES.has(call.name) || typeof first !== "object" || !("slot" in first)) return false;
  const type = sides[0]!.kept.get(first.slot)?.type;
  if (type === S_IFREG || type === S_IFDIR || !isDeleted(sides[0]!, first.slot)) return false;
  for (const side of sides) side.drop(first.slot);
  return true;
}

const CHANGES: ReadonlySet<string> = new Set(["fchmodat", "fchownat", "utimensat", "setxattrat", "removexattrat", "linkat"]);

/**
 * Item 13, "removing or replacing a directory that holds xattr whiteouts and nothing else": the kernel takes it for full.
 * Item 18, "copy_file_range(2) from one file system to another". The trees differ from then on, so the run ends.
 */
export function endsHere(set: OptionSet, call: Call, wanted: string, found: string): boolean {
  // Item 16: two names of a fifo are then two fifos to the kernel.
  if (set.userxattr === true && call.name === "openat" && wanted === "ENXIO" && found === "opened") return true;
  if (call.name === "copyFileRange" && wanted === "EXDEV" && found.startsWith("done")) return true;
  return wanted === "ENOTEMPTY" && found === "done 0" && (call.name === "unlinkat" || call.name === "renameat2");
}

/** Whether two answers to a call are the same but for what is intended. */
export function sameAnswer(set: OptionSet, call: Call, wanted: string, found: string, kernel: Side, ovlfs: Side): boolean {
  if (wanted === found) return true;
  if (set.name === "nfs_export=on" && call.name === "statx" && wanted.replace(LINKS, "") === found.replace(LINKS, "")) return true;
  const isRefused = wanted === "EPERM" || wanted === "EIO";
  if (call.name === "list" && isRefused) return ovlfs.refusedInListing;
  if (call.name === "readPiece" && isRefused) return true;
  if (call.name === "listxattrat" && wanted === "ERANGE") return true;
  if (call.name === "statx") return onlyDeletedLinks(call, wanted, found, kernel);
  return false;
}

/** The kernel goes on telling a lower file's link count when its name is gone. */
function onlyDeletedLinks(call: Call, wanted: string, found: string, kernel: Side): boolean {
  if (!call.arguments.some((argument) => typeof argument === "object" && "slot" in argument && isDeleted(kernel, argument.slot))) return false;
  return wanted.replace(LINKS, "") === found.replace(LINKS, "") && Number(LINKS.exec(wanted)![1]) === Number(LINKS.exec(found)![1]) + 1;
}

/**
 * Item 12, "a stale impure mark", on a directory that holds nothing with an origin: the kernel removes it when it lists
 * the directory, and sets it before a copy-up that then fails; ovlfs leaves it.
 */
export function withoutStaleImpure(upper: Snapshot): Snapshot {
  const holders = new Set([...upper].filter(([, picture]) => picture[ORIGIN] !== undefined).map(([path]) => parentOf(path)));
  return mapped(upper, (picture, path) => (holders.has(path) ? picture : without(picture, IMPURE)));
}

/**
 * Item 14, "which name of a hard-linked file is in the upper" (index=on): a descriptor does not tell FUSE through which
 * name it was opened, so that a change through it may bring another of the names up, and its directories. The index
 * leads from each of them to the one file; how many there are is in its nlink xattr. `cutOrigins` takes the lowers of
 * what was left out: with nfs_export=on such directories are in the index too.
 */
export function withoutOtherAliases(kernel: Snapshot, ovlfs: Snapshot, lowers: readonly Snapshot[], cutOrigins: Set<string>): [Snapshot, Snapshot] {
  const isAlias = (picture: Picture): boolean => {
    const [, layer, path] = /^l(\d+):(.*)$/s.exec(picture[ORIGIN] ?? "") ?? [];
    const lower = layer === undefined ? undefined : lowers[Number(layer)]?.get(path!);
    return lower !== undefined && lower.type !== "directory" && lower.nlink !== "1";
  };
  const cut = (tree: Snapshot, other: Snapshot): Snapshot => mapped(
    withoutExtra(tree, other, isAlias, cutOrigins), (picture) => without(picture, ...(isAlias(picture) ? [NLINK, "nlink", "sameFileAs"] : [])));
  return [cut(kernel, ovlfs), cut(ovlfs, kernel)];
}

/**
 * Item 1, where files opened for writing are not changed at once: what the kernel alone copied up (the merged trees are
 * the same by then, so it is what its lower is), and the directories that came along.
 */
export function withoutEarlyCopies(kernel: Snapshot, ovlfs: Snapshot): Snapshot {
  return withoutExtra(kernel, ovlfs, (picture) => picture.type === "file" && picture[ORIGIN] !== undefined, new Set());
}

/** Without those of `isExtra` that `other` lacks, and without directories and impure marks that are there for them alone. */
function withoutExtra(tree: Snapshot, other: Snapshot, isExtra: (picture: Picture) => boolean, cutOrigins: Set<string>): Snapshot {
  const left = new Map(tree);
  const parents = new Set<string>();
  for (const path of [...tree.keys()].sort().reverse()) {
    const picture = tree.get(path)!;
    const isEmptied = picture.type === "directory" && parents.has(path) && ![...left.keys()].some((child) => child.startsWith(`${path}/`));
    if (other.has(path) || !(isExtra(picture) || isEmptied)) continue;
    left.delete(path);
    cutOrigins.add(picture[ORIGIN] ?? "");
    parents.add(parentOf(path));
  }
  return mapped(left, (picture, path) => (parents.has(path) && other.get(path)?.[IMPURE] === undefined ? without(picture, IMPURE) : picture));
}

function parentOf(path: string): string { return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "."; }

/** Item 6: what is below a directory that the kernel will not list is left out of both trees. */
export function withoutRefusedListings(kernel: Snapshot, ovlfs: Snapshot): readonly [Snapshot, Snapshot] {
  const refused = [...kernel].filter(([, picture]) => /^refused with (EPERM|EIO)$/.test(picture.listing ?? "")).map(([path]) => path);
  if (refused.length === 0) return [kernel, ovlfs];
  const shown = (tree: Snapshot): Snapshot => new Map([...tree]
    .filter(([path]) => !refused.some((directory) => directory === "." ? path !== "." : path.startsWith(`${directory}/`)))
    .map(([path, picture]) => [path, without(picture, "listing", "sameFileAs")]));
  return [shown(kernel), shown(ovlfs)];
}

/**
 * The merged trees of the two sides. Item 16, "hard links of special files with userxattr": those can't carry an origin,
 * and the kernel then gives each name another inode number. Item 15, "nfs_export=on: link count": looked up again, the
 * kernel counts the index entry of a file that has no hard links, writes that count, and keeps the entry when the file
 * is deleted (`withoutKeptEntries`).
 */
export function mergedView(tree: Snapshot, side: Side, set: OptionSet): Snapshot {
  return mapped(withoutBareWhiteouts(tree), (picture) => {
    const isBare = set.userxattr === true && picture.type !== "file";
    const view = without(picture, "ino", "atime", ...(picture.type === "directory" ? ["nlink"] : []), ...(isBare ? ["sameFileAs"] : []),
      ...(set.name === "nfs_export=on" ? ["nlink", "sameFileAs"] : []));
    if (view.mtime !== undefined) view.mtime = side.toldTime(view.mtime);
    return view;
  });
}

/** The uppers of the two sides. Whiteouts are linked to one another by the kernel. */
export function upperView(tree: Snapshot, side: Side, set: OptionSet): Snapshot {
  return mapped(tree, (picture) => {
    if (picture.device === "0,0") return { type: "whiteout" };
    const isMiscounted = set.name === "nfs_export=on" || picture.type === "directory";
    const view = without(picture, "ino", "atime", ...(isMiscounted ? ["nlink"] : []), ...(set.name === "nfs_export=on" ? [NLINK] : []));
    if (view[UUID] !== undefined) view[UUID] = "there";
    view.mtime = side.toldTime(view.mtime!);
    return view;
  });
}

/** Item 15: an entry that is a whiteout for ovlfs and a file for the kernel. */
export function withoutKeptEntries(set: OptionSet, [kernel, ovlfs]: readonly Snapshot[]): readonly Snapshot[] {
  if (set.name !== "nfs_export=on") return [kernel!, ovlfs!];
  const kept = new Set([...kernel!].filter(([name, picture]) => picture.type !== "directory" && ovlfs!.get(name)?.device === "0,0").map(([name]) => name));
  return [kernel!, ovlfs!].map((tree) => new Map([...tree].filter(([name]) => !kept.has(name))));
}

/** The indexes of the two sides; of item 14 see there. */
export function indexView(tree: Snapshot, side: Side, set: OptionSet): Snapshot {
  return mapped(upperView(tree, side, set), (picture) => without(picture, NLINK, "nlink", "sameFileAs"));
}
