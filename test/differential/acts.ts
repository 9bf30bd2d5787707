/**
 * Acts of several system calls: reading a file whole, listing a directory, reading a directory stream in pieces.
 * What a stream owes while its directory changes (each name that was there all the time, exactly once) is checked
 * on ovlfs by itself; the kernel's overlay does not promise it.
 */
import type { Call } from "./call.js";
import { digest } from "./digest.js";
import { asRoot, type Kept, type Side } from "./side.js";
import { readDirectory, readSome, type Entry } from "../harness/getdents.js";
import { outcome, raw } from "../harness/syscalls.js";
import { AT_FDCWD, O_DIRECTORY, O_NONBLOCK, O_RDONLY, SEEK_SET } from "../../src/sys/constants.js";
import { E, errnoName } from "../../src/sys/errno.js";
import { native } from "../../src/sys/native.js";
import { Stat } from "../../src/sys/stat.js";

type Act = (side: Side, call: Call) => string;

const MOST_READ = 200_000;
const content = Buffer.alloc(MOST_READ);
const stat = new Stat();

export const acts: Readonly<Record<string, Act | undefined>> = { readWhole, list, readPiece, rewind };

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
  else entries = entries.filter((entry) => !isBareWhiteout(fd, entry));
  native.close(fd);
  if (error !== "done") return error;
  return entries.map((entry) => `${JSON.stringify(entry.name)} ${entry.type}`).sort().join(", ");
}

/** The kernel lists a whiteout that stands in a directory which is not merged; nothing is there. */
function isBareWhiteout(fd: number, entry: Entry): boolean {
  return entry.type === "character device" && asRoot(() => native.statx(fd, raw(entry.name), stat.fields)) === -E.ENOENT;
}

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

function errnoOr(word: string, result: number): string { return result < 0 ? errnoName(result) : word; }
