/**
 * Acts of several system calls: reading a file whole, listing a directory, reading a directory stream in pieces.
 * What a stream owes while its directory changes (each name that was there all the time, exactly once) is checked
 * on ovlfs by itself; the kernel's overlay does not promise it.
 */
import type { Call } from "./call.js";
import { digest } from "./digest.js";
import { map, peek, poke, syncMapping } from "./mappings.js";
import { asRoot, reopened, type Kept, type Side } from "./side.js";
import { readDirectory, readSome, type Entry } from "../harness/getdents.js";
import { outcome, raw } from "../harness/syscalls.js";
import { AT_FDCWD, O_DIRECTORY, O_NONBLOCK, O_PATH, O_RDONLY, SEEK_DATA, SEEK_SET } from "../../src/sys/constants.js";
import { E, errnoName } from "../../src/sys/errno.js";
import { native } from "../../src/sys/native.js";
import { S_IFREG, Stat } from "../../src/sys/stat.js";

type Act = (side: Side, call: Call) => string;

const MOST_READ = 200_000;
const content = Buffer.alloc(MOST_READ);
const stat = new Stat();

export const acts: Readonly<Record<string, Act | undefined>> = {
  readWhole, list, readPiece, rewind, seek, map, peek, poke, syncMapping,
};

function readWhole(side: Side, call: Call): string {
  const fd = native.openat(AT_FDCWD, raw(pathOf(side, call)), O_RDONLY | O_NONBLOCK, 0);
  if (fd < 0) return errnoName(fd);
  const length = native.pread(fd, content, 0, MOST_READ, 0);
  native.close(fd);
  return length < 0 ? errnoName(length) : `${length} ${digest(content.subarray(0, length))}`;
}

function pathOf(side: Side, call: Call): string { return side.at((call.arguments[0] as { path: string }).path); }

function keptOf(side: Side, call: Call): Kept { return side.kept.get((call.arguments[0] as { slot: number }).slot)!; }

function list(side: Side, call: Call): string {
  const fd = native.openat(AT_FDCWD, raw(pathOf(side, call)), O_RDONLY | O_DIRECTORY, 0);
  if (fd < 0) return errnoName(fd);
  let entries: Entry[] = [];
  const error = outcome(() => { entries = readDirectory(fd); });
  if (side.implementation === "ovlfs") checkEntries(side, fd, entries);
  const refused = entries.filter((entry) => isRefused(fd, entry));
  entries = entries.filter((entry) => !isBareWhiteout(side, fd, entry) && !refused.includes(entry));
  native.close(fd);
  if (error !== "done") return error;
  if (refused.length > 0 && side.implementation === "ovlfs") side.refusedInListing = true;
  return entries.map((entry) => `${JSON.stringify(entry.name)} ${entry.type}`).sort().join(", ");
}

/** The answer of stat(2) to root. */
function errorAt(fd: number, entry: Entry): number { return asRoot(() => native.statx(fd, raw(entry.name), stat.fields)); }

/** A whiteout that is listed because its directory is not merged, or not marked opaque=x: nothing is there. */
function isBareWhiteout(side: Side, fd: number, entry: Entry): boolean {
  const may = entry.type === "file" || (entry.type === "character device" && side.implementation === "kernel");
  return may && errorAt(fd, entry) === -E.ENOENT;
}

/** What may not be followed: a metacopy without metacopy=on, or one whose data is not found. */
function isRefused(fd: number, entry: Entry): boolean { return [-E.EPERM, -E.EIO].includes(errorAt(fd, entry)); }

/** Each name once, and with the number that stat(2) tells. Names that a user may not ask about are passed over. */
function checkEntries(side: Side, fd: number, entries: readonly Entry[]): void {
  const names = new Set(entries.map((entry) => entry.name));
  if (names.size !== entries.length) side.faults.push(`a name is listed twice: ${entries.map((entry) => entry.name).sort().join(" ")}`);
  for (const entry of entries) {
    if (entry.name === ".." || native.statx(fd, raw(entry.name), stat.fields) < 0) continue;
    if (stat.ino !== entry.ino) side.faults.push(`d_ino of ${JSON.stringify(entry.name)} is ${entry.ino}, st_ino ${stat.ino}`);
  }
}

/** What a stream has given, and what has been in its directory at each piece. */
interface Stream {
  readonly given: string[];
  always: Map<string, bigint>;
  readonly ever: Set<string>;
}

function present(fd: number): Map<string, bigint> {
  const again = native.openat(fd, raw("."), O_RDONLY | O_DIRECTORY, 0);
  if (again < 0) return new Map();
  try {
    return new Map(readDirectory(again).map((entry) => [entry.name, entry.ino]));
  } finally {
    native.close(again);
  }
}

function readPiece(side: Side, call: Call): string {
  const kept = keptOf(side, call);
  const room = call.arguments[1] as number;
  let entries: Entry[] = [];
  const error = outcome(() => { entries = readSome(kept.fd, room); });
  if (error !== "done") return error;
  if (side.implementation === "ovlfs") note(side, kept, entries);
  return "read";
}

function note(side: Side, kept: Kept, entries: readonly Entry[]): void {
  const now = present(kept.fd);
  const stream = (kept.stream ??= { given: [], always: now, ever: new Set() }) as Stream;
  stream.always = new Map([...stream.always].filter(([name, ino]) => now.get(name) === ino));
  for (const name of now.keys()) stream.ever.add(name);
  stream.given.push(...entries.map((entry) => entry.name));
  const twice = stream.given.filter((name, index) => stream.always.has(name) && stream.given.indexOf(name) !== index);
  if (twice.length > 0) side.faults.push(`a stream gave ${JSON.stringify(twice[0])} twice`);
  if (entries.length > 0) return;
  const missing = [...stream.always.keys()].filter((name) => !stream.given.includes(name));
  if (missing.length > 0) side.faults.push(`a stream ended without ${JSON.stringify(missing[0])}`);
}

function rewind(side: Side, call: Call): string {
  const kept = keptOf(side, call);
  delete kept.stream;
  return errnoOr("rewound", native.lseek(kept.fd, 0, SEEK_SET));
}

/**
 * SEEK_DATA and SEEK_HOLE: where holes are is a file system's own affair, so that what is compared is whether the
 * answer is true of this side's file. On a directory FUSE answers without asking (lseek of libfs).
 */
function seek(side: Side, call: Call): string {
  const kept = keptOf(side, call);
  if (kept.type !== S_IFREG) return "no file";
  const [, offset, whence] = call.arguments as readonly [unknown, number, number];
  return asRoot(() => reopened(kept, (fd) => {
    const result = native.lseek((kept.flags & O_PATH) === 0 && side.implementation === "ovlfs" ? kept.fd : fd, offset, whence);
    native.statx(fd, raw(""), stat.fields);
    if (offset >= stat.size) return errnoOr("behind the end", result);
    return isTrueSeek(fd, offset, whence, result, stat.size) ? "true" : `${errnoOr(String(result), result)} of ${stat.size}`;
  }));
}

function isTrueSeek(fd: number, offset: number, whence: number, result: number, size: number): boolean {
  const end = result === -E.ENXIO ? size : result;
  if (end < offset || end > size) return false;
  const length = native.pread(fd, content, 0, Math.min(MOST_READ, size - offset), offset);
  const isZero = (from: number, to: number): boolean => content.subarray(from, Math.min(to, length)).every((byte) => byte === 0);
  if (whence === SEEK_DATA) return isZero(0, end - offset);
  return result >= 0 && isZero(end - offset, end - offset + 1);
}

function errnoOr(word: string, result: number): string { return result < 0 ? errnoName(result) : word; }
