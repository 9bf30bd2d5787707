/** What a transport is: the thing that mounts an engine at a path and carries the kernel's requests to it. */
import type { Engine } from "./engine/engine.js";
import type { Log } from "./engine/types.js";
import type { Bytes } from "./sys/bytes.js";

/** Everything a transport needs to mount. */
export interface MountRequest {
  readonly engine: Engine;
  /** Absolute path of an existing directory. */
  readonly mountpoint: Bytes;
  /** First field in /proc/mounts. */
  readonly source: Bytes;
  /** MS_* flags for mount(2). */
  readonly flags: number;
  /** Other users than the mounter may enter; as root always. */
  readonly allowOther: boolean;
  /** A file is copied up when it is opened for writing, as the kernel's overlay does it, not with its first change. */
  readonly copyUpAtOpen: boolean;
  /** The kernel is to read and write the backing files of opens itself. */
  readonly passthrough: boolean;
  /** What the mount tells of itself is listed with the xattrs of its files. */
  readonly listsProvenance: boolean;
  /** Seconds for which the kernel may keep what it is told, where there is to be a limit. */
  readonly timeout?: number;
  /** Mount options of the kernel's security modules, each with a comma before it; for mount(2) alone. */
  readonly securityOptions?: Bytes;
  /** Each request and its answer to the log. */
  readonly debug: boolean;
  readonly tracer: Tracer;
  readonly log: MountLog;
}

/** A log that also takes what is no fault: the requests, with `debug`. */
export interface MountLog extends Log {
  info(message: string): void;
}

/** Tells others what happens in a mount. */
export interface Tracer {
  /** Begins to tell whoever listens at a socket; 0 or an errno. */
  start(socket: Bytes): number;
  /** Set by a transport that knows it: the process for which the engine works now, or 0. */
  servedFor: () => number;
}

/** Counts and times the requests of a mount. */
export interface Profiler {
  readonly isOn: boolean;
  /** Begins, from zero. */
  start(): void;
  stop(): void;
  /** What there was since the start, line by line; nothing where it is off. */
  report(): readonly string[];
}

/** A mount that is being served. */
export interface Session {
  /** Settles when the file system is unmounted, by whomever. */
  readonly done: Promise<void>;
  /** Unmounts; `lazy` detaches a busy mount (MNT_DETACH). Answers 0 or an errno. */
  unmount(lazy: boolean): Promise<number>;
  /** Absent where the transport sees no requests of the kernel. */
  readonly profiler?: Profiler;
}

/** Logs what an operation threw, once per cause: a fault of ours, which its caller meets as EIO. */
export function logFault(log: Log, operation: string, fault: unknown): void {
  const text = fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
  log.warn(`${operation} failed: ${text}`, `${operation}: ${fault instanceof Error ? fault.message : text}`);
}

/** A mount that failed; the message is one sentence that names the cause and the remedy. */
export class MountError extends Error {
  override readonly name = "MountError";
}

/** Mounts and serves; settles once the mount answers. Rejects with MountError. */
export type Transport = (request: MountRequest) => Promise<Session>;
