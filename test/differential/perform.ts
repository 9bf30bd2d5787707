/** Makes one call on one side and puts its answer into words that both sides must agree on. */
import type { Eager } from "./case.js";
import { acts } from "./acts.js";
import type { Call } from "./call.js";
import { digest } from "./digest.js";
import { asCaller, asRoot, type Kept, type Side } from "./side.js";
import { raw } from "../harness/syscalls.js";
import { O_ACCMODE, O_PATH, O_RDONLY } from "../../src/sys/constants.js";
import { errnoName } from "../../src/sys/errno.js";
import { native } from "../../src/sys/native.js";
import { S_IFREG, Stat } from "../../src/sys/stat.js";

const bindings = native as unknown as Readonly<Record<string, (...values: unknown[]) => number>>;
const stat = new Stat();
const statfs = new Float64Array(10);

/** Makes the call and answers in words. With `eager`, a file that is opened for writing is changed at once (see intended.ts). */
export function perform(side: Side, call: Call, eager: Eager | null): string {
  const values = call.arguments.map((argument) => side.resolve(argument));
  if (values.includes(null)) return "no descriptor";
  const act = acts[call.name];
  if (act !== undefined) return asCaller(call, () => act(side, call));
  if (call.name === "statx") values.push(stat.fields);
  if (call.name === "fstatfs") values.push(statfs);
  const first = call.arguments[0]!;
  if (call.name === "close") return outcome(side.drop((first as { slot: number }).slot));
  const source = typeof first === "object" && "slot" in first ? side.kept.get(first.slot) : undefined;
  return asCaller(call, () => inWords(side, call, values, source, eager));
}

function inWords(side: Side, call: Call, values: readonly unknown[], source: Kept | undefined, eager: Eager | null = null): string {
  const result = bindings[call.name]!(...values);
  if (result < 0) return errnoName(result);
  switch (call.name) {
    case "openat": return opened(side, call, result, eager);
    case "statx": return attributes(side, source);
    case "fstatfs": return `bsize ${statfs[1]!} namelen ${statfs[7]!} frsize ${statfs[8]!}`;
    case "pread": return `${result} ${digest((values[1] as Buffer).subarray(0, result))}`;
    case "readlinkat": return `${result} ${digest((values[2] as Buffer).subarray(0, result))}`;
    case "getxattrat": return `${result} ${(values[3] as Buffer).subarray(0, result).toString("hex")}`;
    case "listxattrat": return (values[2] as Buffer).length === 0 ? "a size" : `${result} ${xattrNames((values[2] as Buffer).subarray(0, result))}`;
    default: return outcome(result);
  }
}

function outcome(result: number): string { return result < 0 ? errnoName(result) : `done ${result}`; }

/** Keeps the descriptor. */
function opened(side: Side, call: Call, fd: number, eager: Eager | null): string {
  const flags = call.arguments[2] as number;
  if (call.keep === undefined) {
    native.close(fd);
    return "opened";
  }
  if (eager && (flags & O_ACCMODE) !== O_RDONLY && (flags & O_PATH) === 0) changeNothing(fd, eager);
  const closed = side.keep(call.keep, fd, flags);
  return closed === 0 ? "opened" : `opened, and closed the former with ${errnoName(closed)}`;
}

/** A change by root that leaves all as it is and yet is one: the file is copied up, with metacopy=on its data too. */
function changeNothing(fd: number, eager: Eager): void {
  asRoot(() => {
    native.statx(fd, raw(""), stat.fields);
    if (stat.type !== S_IFREG) return;
    if (eager === "data") native.ftruncate(fd, stat.size);
    else native.fchmodat(fd, raw(""), stat.mode & 0o7777);
  });
}

function attributes(side: Side, source: Kept | undefined): string {
  const size = stat.isDirectory ? "" : ` size ${stat.size} nlink ${stat.nlink}`;
  const device = stat.rdevMajor === 0 && stat.rdevMinor === 0 ? "" : ` device ${stat.rdevMajor},${stat.rdevMinor}`;
  const constant = source === undefined || source.ino === stat.ino ? "" : " ino changed since it was opened";
  return `${(stat.mode).toString(8)} ${stat.uid}:${stat.gid}${size}${device} mtime ${side.time(stat.mtimeSec, stat.mtimeNsec)}${constant}`;
}

function xattrNames(names: Buffer): string { return JSON.stringify(names.toString("latin1").split("\0").filter((name) => name !== "").sort()); }
