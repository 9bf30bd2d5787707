/**
 * One side of a comparison: a merged tree, the descriptors kept open in it, and the clock by which its times are
 * told as "now". The same calls are made on both sides; what a side answers is text.
 */
import { DEFAULT_UMASK, USERS, type Argument, type Call, type Identity } from "./call.js";
import { raw } from "../harness/syscalls.js";
import { timeText } from "../harness/attributes.js";
import { O_NONBLOCK, O_RDONLY } from "../../src/sys/constants.js";
import { native } from "../../src/sys/native.js";
import { Stat } from "../../src/sys/stat.js";

export type Implementation = "kernel" | "ovlfs";

/** A descriptor that is kept, and what has been seen through it. */
export interface Kept {
  readonly fd: number;
  readonly flags: number;
  readonly ino: bigint;
  readonly type: number;
  /** Of a directory stream: see acts.ts. */
  stream?: unknown;
}

/** A memory mapping, and the file that it is of. */
export interface Mapping {
  readonly kept: Kept;
  /** Whether both sides must show the same. */
  readonly isCompared: boolean;
}

/** When this process began: times since then that are not "now" are from making the layers. Sequences set none there. */
const ERA_BEGAN = Date.now() / 1000 - 1;
/** A time this many seconds after the start cannot be "now". */
const RUN_SECONDS = 3600;

const stat = new Stat();

export class Side {
  readonly kept = new Map<number, Kept>();
  readonly mappings = new Map<number, Mapping>();
  /** What this side did that is wrong by itself, whatever the other does. */
  readonly faults: string[] = [];
  /** The listing that was made last holds a name that may not be followed. */
  refusedInListing = false;
  #start = 0;

  constructor(readonly implementation: Implementation, readonly merged: string) {}

  /** From now on times are new. Layers must have been finished a tick of the kernel's clock before. */
  begin(): void { this.#start = Date.now() / 1000 - 0.02; }

  at(path: string): string { return path === "" ? this.merged : `${this.merged}/${path}`; }

  time(seconds: number, nanoseconds: number): string {
    const time = seconds + nanoseconds / 1e9;
    if (time < ERA_BEGAN || time > this.#start + RUN_SECONDS) return timeText(seconds, nanoseconds);
    return time < this.#start ? "before" : "now";
  }

  /** A picture's "seconds.nanoseconds", told likewise. */
  toldTime(text: string): string {
    const [seconds, nanoseconds] = text.split(".");
    return this.time(Number(seconds), Number(nanoseconds));
  }

  /** Keeps a descriptor; what was kept there is closed. The answer of that close, if it is an error. */
  keep(slot: number, fd: number, flags: number): number {
    const error = this.drop(slot);
    native.statx(fd, raw(""), stat.fields);
    this.kept.set(slot, { fd, flags, ino: stat.ino, type: stat.type });
    return error;
  }

  drop(slot: number): number {
    const kept = this.kept.get(slot);
    if (kept === undefined) return 0;
    this.kept.delete(slot);
    return native.close(kept.fd);
  }

  dropAll(): void {
    for (const slot of [...this.kept.keys()]) this.drop(slot);
  }

  /** What the binding is to be called with, or null where a descriptor that it needs is not there. */
  resolve(argument: Argument): unknown {
    if (typeof argument === "number") return argument;
    if ("path" in argument) return this.at(argument.path);
    if ("text" in argument) return argument.text;
    if ("data" in argument) return Buffer.from(argument.data, "latin1");
    if ("room" in argument) return Buffer.alloc(argument.room);
    return this.kept.get(argument.slot)?.fd ?? null;
  }
}

let current = USERS[0]!;

/** Runs `action` as the call's user with its umask. */
export function asCaller<T>(call: Call, action: () => T): T {
  const umask = native.umask(call.umask ?? DEFAULT_UMASK);
  try {
    return asUser(USERS[call.user ?? 0]!, action);
  } finally {
    native.umask(umask);
  }
}

/** Runs `action` as root, whoever calls. */
export function asRoot<T>(action: () => T): T { return asUser(USERS[0]!, action); }

function asUser<T>(user: Identity, action: () => T): T {
  const former = current;
  become(user);
  try {
    return action();
  } finally {
    become(former);
  }
}

/** fsuid 0 first: the others take its capabilities. */
function become(user: Identity): void {
  if (user === current) return;
  native.setfsuid(0);
  native.setgroups(Uint32Array.from(user.groups));
  native.setfsgid(user.gid);
  native.setfsuid(user.uid);
  current = user;
}

/** Opens anew, by root, what a kept descriptor names: it leads to where the data is now. */
export function reopened<T>(kept: Kept, action: (fd: number) => T): T {
  const fd = native.openat(kept.fd, raw(""), O_RDONLY | O_NONBLOCK, 0);
  try {
    return action(fd);
  } finally {
    if (fd >= 0) native.close(fd);
  }
}
