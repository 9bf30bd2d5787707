/**
 * A picture of a tree: for each path below it what it is, down to the bytes of its xattrs. Taking one follows
 * no symlink and leaves no trace: files and directories are read without touching their access times. Names are
 * reached through the descriptor of their directory, so a tree may be deeper than a path may be long.
 */
import { createHash } from "node:crypto";
import { attributesAt } from "./attributes.js";
import { readDirectory } from "./getdents.js";
import { check, raw, Refused } from "./syscalls.js";
import { getXattr, listXattrs } from "./xattrs.js";
import { AT_FDCWD, O_DIRECTORY, O_NOATIME, O_NOFOLLOW, O_RDONLY, SEEK_DATA } from "../../src/sys/constants.js";
import { native } from "../../src/sys/native.js";

/** What is said of one path; each value is text, so that a difference reads by itself. */
export type Picture = Readonly<Record<string, string>>;
/** By path relative to the root, which is ".". */
export type Snapshot = ReadonlyMap<string, Picture>;

const SHOWN_CONTENT = 64;
const PIECE = 1 << 20;

/** Pictures all below `root` and the root itself. */
export function snapshot(root: string): Snapshot {
  const pictures = new Map<string, Picture>();
  walk(root, "", pictures, new Map());
  return pictures;
}

/** As snapshot, of a tree in which a name may be listed and refused, or a listing be refused: then that is its picture. */
export function tolerantSnapshot(root: string): Snapshot {
  const pictures = new Map<string, Picture>();
  walk(root, "", pictures, new Map(), tolerated);
  return pictures;
}

/** What `action` answers, or how it was refused. */
function orRefusal(action: () => string): string {
  try {
    return action();
  } catch (error) {
    if (error instanceof Refused) return `refused with ${error.code}`;
    throw error;
  }
}

function tolerated(path: string): Record<string, string> {
  try {
    return take(path);
  } catch (error) {
    if (error instanceof Refused) return { type: `refused with ${error.code}` };
    throw error;
  }
}

function namesIn(fd: number): string[] {
  return readDirectory(fd).map((entry) => entry.name).filter((child) => child !== "." && child !== "..").sort();
}

function walk(path: string, name: string, pictures: Map<string, Picture>, firstNames: Map<string, string>, look = take): void {
  const picture = look(path);
  if (picture.type !== "directory" && picture.ino !== undefined && picture.nlink !== "1") {
    const first = firstNames.get(picture.ino);
    if (first === undefined) firstNames.set(picture.ino, name);
    else picture.sameFileAs = first;
  }
  pictures.set(name === "" ? "." : name, picture);
  if (picture.type !== "directory") return;
  const fd = check(native.openat(AT_FDCWD, raw(path), O_RDONLY | O_DIRECTORY | O_NOATIME, 0), `open ${name}`);
  try {
    let names: readonly string[] = [];
    if (look === take) names = namesIn(fd);
    else {
      const listing = orRefusal(() => { names = namesIn(fd); return ""; });
      if (listing !== "") picture.listing = listing;
    }
    for (const child of names) walk(`/proc/self/fd/${fd}/${child}`, name === "" ? child : `${name}/${child}`, pictures, firstNames, look);
  } finally {
    native.close(fd);
  }
}

function take(path: string): Record<string, string> {
  const attributes = attributesAt(AT_FDCWD, path);
  const picture: Record<string, string> = {
    type: attributes.type,
    mode: attributes.mode,
    owner: `${attributes.uid}:${attributes.gid}`,
    nlink: String(attributes.nlink),
    mtime: attributes.mtime,
    atime: attributes.atime,
    ino: String(attributes.ino),
  };
  if (attributes.type === "file") {
    picture.size = String(attributes.size);
    picture.content = orRefusal(() => contentOf(path, attributes.size));
  }
  if (attributes.type === "symlink") picture.target = readTarget(path);
  if (attributes.type.endsWith("device")) picture.device = attributes.device;
  for (const name of listXattrs(path)) picture[`xattr ${name}`] = orRefusal(() => getXattr(path, name).toString("hex"));
  return picture;
}

function readTarget(path: string): string {
  const buffer = Buffer.alloc(8192);
  return buffer.toString("latin1", 0, check(native.readlinkat(AT_FDCWD, raw(path), buffer), `readlink ${path}`));
}

const piece = Buffer.alloc(PIECE);
const zeros = Buffer.alloc(PIECE);

/**
 * The content itself where it is short, else a digest of the pieces that are not all zero, each with its
 * place: holes need not be read, and make no difference to zeros that are stored.
 */
function contentOf(path: string, size: number): string {
  const fd = check(native.openat(AT_FDCWD, raw(path), O_RDONLY | O_NOATIME | O_NOFOLLOW, 0), `open ${path}`);
  try {
    if (size <= SHOWN_CONTENT) return JSON.stringify(piece.toString("latin1", 0, check(native.pread(fd, piece, 0, size, 0), `pread ${path}`)));
    const hash = createHash("sha256");
    for (let position = nextPiece(fd, 0); position < size; position = nextPiece(fd, position + PIECE)) {
      const got = check(native.pread(fd, piece, 0, PIECE, position), `pread ${path}`);
      if (piece.compare(zeros, 0, got, 0, got) !== 0) hash.update(`${position}:`).update(piece.subarray(0, got));
    }
    return `sha256 ${hash.digest("hex")}`;
  } finally {
    native.close(fd);
  }
}

/** The start of the piece that holds the first data at or behind `position`; past the end where there is none. */
function nextPiece(fd: number, position: number): number {
  const data = native.lseek(fd, position, SEEK_DATA);
  return data < 0 ? Infinity : data - (data % PIECE);
}
