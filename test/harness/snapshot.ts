/**
 * A picture of a tree: for each path below it what it is, down to the bytes of its xattrs. Taking one follows
 * no symlink and leaves no trace: files and directories are read without touching their access times. Names are
 * reached through the descriptor of their directory, so a tree may be deeper than a path may be long.
 */
import { createHash } from "node:crypto";
import { attributesAt } from "./attributes.js";
import { readDirectory } from "./getdents.js";
import { check, raw } from "./syscalls.js";
import { getXattr, listXattrs } from "./xattrs.js";
import { AT_FDCWD, O_DIRECTORY, O_NOATIME, O_NOFOLLOW, O_RDONLY } from "../../src/sys/constants.js";
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

function walk(path: string, name: string, pictures: Map<string, Picture>, firstNames: Map<string, string>): void {
  const picture = take(path);
  if (picture.type !== "directory" && picture.nlink !== "1") {
    const first = firstNames.get(picture.ino!);
    if (first === undefined) firstNames.set(picture.ino!, name);
    else picture.sameFileAs = first;
  }
  pictures.set(name === "" ? "." : name, picture);
  if (picture.type !== "directory") return;
  const fd = check(native.openat(AT_FDCWD, raw(path), O_RDONLY | O_DIRECTORY | O_NOATIME, 0), `open ${name}`);
  const names = readDirectory(fd).map((entry) => entry.name).filter((child) => child !== "." && child !== "..").sort();
  for (const child of names) walk(`/proc/self/fd/${fd}/${child}`, name === "" ? child : `${name}/${child}`, pictures, firstNames);
  check(native.close(fd), "close");
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
    picture.content = contentOf(path);
  }
  if (attributes.type === "symlink") picture.target = readTarget(path);
  if (attributes.type.endsWith("device")) picture.device = attributes.device;
  for (const name of listXattrs(path)) picture[`xattr ${name}`] = getXattr(path, name).toString("hex");
  return picture;
}

function readTarget(path: string): string {
  const buffer = Buffer.alloc(8192);
  return buffer.toString("latin1", 0, check(native.readlinkat(AT_FDCWD, raw(path), buffer), `readlink ${path}`));
}

/** The content itself where it is short, else its digest. */
function contentOf(path: string): string {
  const fd = check(native.openat(AT_FDCWD, raw(path), O_RDONLY | O_NOATIME | O_NOFOLLOW, 0), `open ${path}`);
  const hash = createHash("sha256");
  const buffer = Buffer.alloc(PIECE);
  let position = 0;
  let short = "";
  while (true) {
    const got = check(native.pread(fd, buffer, 0, PIECE, position), `pread ${path}`);
    hash.update(buffer.subarray(0, got));
    if (position === 0 && got <= SHOWN_CONTENT) short = JSON.stringify(buffer.toString("latin1", 0, got));
    position += got;
    if (got < PIECE) break;
  }
  check(native.close(fd), "close");
  return position <= SHOWN_CONTENT ? short : `sha256 ${hash.digest("hex")}`;
}
