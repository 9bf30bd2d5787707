/**
 * A picture of a directory: each entry with what a lesson speaks of, taken without following symlinks. Two pictures
 * compared show what a step did; reading changes nothing in any layer.
 */
import { lstatSync, readdirSync, readFileSync, readlinkSync, type BigIntStats } from "node:fs";
import { join } from "node:path";
import { bytes, bytesOf, type Bytes } from "../sys/bytes.js";
import { AT_FDCWD } from "../sys/constants.js";
import { native } from "../sys/native.js";

/** Files up to this size are pictured with their text. */
const TEXT_LIMIT = 4096n;

export type Kind = "file" | "directory" | "symlink" | "whiteout" | "other";

export interface Entry {
  readonly kind: Kind;
  /** As `ls -l` has it; no layer of the lesson has setuid or setgid. */
  readonly mode: string;
  readonly size: bigint;
  readonly links: bigint;
  readonly inode: bigint;
  /** Of a small file; the target of a symlink. */
  readonly text: string;
  /** Overlay xattrs by full name. */
  readonly marks: ReadonlyMap<string, Bytes>;
  /** Modification time. */
  readonly modified: bigint;
  /** Changes with any change of the entry. */
  readonly changed: bigint;
}

/** Entries by path from the pictured directory, which is "" itself; sorted, parents before children. Empty if it isn't there. */
export type Picture = ReadonlyMap<string, Entry>;

export function takePicture(directory: string): Picture {
  const entries = new Map<string, Entry>();
  add(entries, directory, "");
  return entries;
}

function add(entries: Map<string, Entry>, root: string, path: string): void {
  const full = join(root, path);
  const stat = lstatSync(full, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return;
  const entry = entryOf(full, stat);
  entries.set(path, entry);
  if (entry.kind !== "directory") return;
  for (const name of namesIn(full)) add(entries, root, path === "" ? name : `${path}/${name}`);
}

/** The names in a directory; none if this user may not look in. */
function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}

function entryOf(path: string, stat: BigIntStats): Entry {
  const kind = kindOf(stat);
  return {
    kind, mode: modeText(stat), size: stat.size, links: stat.nlink, inode: stat.ino, modified: stat.mtimeNs, changed: stat.ctimeNs,
    text: kind === "symlink" ? readlinkSync(path) : kind === "file" && stat.size <= TEXT_LIMIT ? textOf(path) : "",
    marks: marksOf(path),
  };
}

function kindOf(stat: BigIntStats): Kind {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "directory";
  if (stat.isSymbolicLink()) return "symlink";
  return stat.isCharacterDevice() && stat.rdev === 0n ? "whiteout" : "other";
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const TYPE_LETTERS: Readonly<Record<Kind, string>> = { file: "-", directory: "d", symlink: "l", whiteout: "c", other: "?" };

function modeText(stat: BigIntStats): string {
  const mode = Number(stat.mode);
  const letters = Array.from("rwxrwxrwx", (letter, i) => (mode & (0o400 >> i) ? letter : "-"));
  if (mode & 0o1000) letters[8] = mode & 1 ? "t" : "T";
  return TYPE_LETTERS[kindOf(stat)] + letters.join("");
}

const NONE: ReadonlyMap<string, Bytes> = new Map();
const MARK = /^(?:trusted|user)\.overlay\./;

function marksOf(path: string): ReadonlyMap<string, Bytes> {
  const list = Buffer.alloc(4096);
  const length = native.listxattrat(AT_FDCWD, bytes(path), list);
  if (length <= 0) return NONE;
  const names = bytesOf(list, 0, length).split("\0").filter((name) => MARK.test(name)) as Bytes[];
  const marks = new Map<string, Bytes>();
  const value = Buffer.alloc(4096);
  for (const name of names.sort()) {
    const size = native.getxattrat(AT_FDCWD, bytes(path), name, value);
    if (size >= 0) marks.set(name, bytesOf(value, 0, size));
  }
  return marks;
}

/** Whether two pictures show the very same, down to the times of change. */
export function samePicture(one: Picture, other: Picture): boolean {
  if (one.size !== other.size) return false;
  for (const [path, entry] of one) {
    const second = other.get(path);
    if (second?.inode !== entry.inode || second.changed !== entry.changed || second.text !== entry.text) return false;
  }
  return true;
}
