/**
 * The package fuse-native 2.2.6 as it is used here, loaded when it is asked for: it is an optional dependency,
 * and its C half needs libfuse 2. What its JavaScript half loses on the way is mended in mends.ts, so some of
 * what it keeps to itself is typed too; the version is therefore checked.
 */
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { MountError } from "../transport.js";
import type { Operations } from "./operations.js";

/** Answers one request, once: an outcome, and what belongs to it. */
export type Signal = (outcome: number, ...values: readonly unknown[]) => void;

/** Calls one operation for a thread of libfuse, whose request is described in `thread`. */
export type Handler = (thread: Buffer, opcode: number, ...words: readonly unknown[]) => void;

/** One mount of fuse-native. */
export interface Fuse {
  readonly mnt: string;
  mount(done: (error: Error | null) => void): void;
  /** Here it frees what the mount held in this process; see mends.ts. */
  unmount(done: (error: Error | null) => void): void;

  readonly _handlers: Handler[];
  readonly _malloc: (size: number) => Buffer;
  _thread: Buffer | null;
  /** Called by its answer to INIT. */
  _openCallback: ((error: Error | null) => void) | null;
  _getImplementedArray(): Uint32Array;
  _open: (done: (error: Error | null) => void) => void;
  _close: (done: (error: Error | null) => void) => void;
  _op_getattr: (signal: Signal, path: string) => void;
  _op_fgetattr: (signal: Signal, path: string, handle: number) => void;
  _op_getxattr: (signal: Signal, path: string, name: string, buffer: Buffer) => void;
  _op_listxattr: (signal: Signal, path: string, buffer: Buffer) => void;
}

/** Its C half. */
export interface FuseHalf {
  readonly op_utimens: number;
  readonly sizeof_fuse_thread_t: number;
  fuse_native_mount(
    mountpoint: string, options: string, thread: Buffer, context: Fuse, malloc: Fuse["_malloc"],
    handlers: readonly Handler[], implemented: Uint32Array,
  ): void;
  fuse_native_unmount(mountpoint: string, thread: Buffer): void;
}

export interface Binding {
  readonly Fuse: new (mountpoint: string, operations: Operations, options: { readonly timeout: false }) => Fuse;
  readonly half: FuseHalf;
}

const SUPPORTED = "2.2.6";

/** Loads fuse-native; throws MountError with the remedy. */
export function loadBinding(): Binding {
  const require = createRequire(import.meta.url);
  try {
    const manifest = require.resolve("fuse-native/package.json");
    const { version } = require(manifest) as { readonly version: string };
    if (version !== SUPPORTED) {
      throw new MountError(`--transport fuse-native needs fuse-native ${SUPPORTED}, but ${version} is installed; run npm install fuse-native@${SUPPORTED}, or use the default transport`);
    }
    const load = createRequire(manifest)("node-gyp-build") as (directory: string) => FuseHalf;
    return { Fuse: require("fuse-native") as Binding["Fuse"], half: load(dirname(manifest)) };
  } catch (error) {
    throw explained(error);
  }
}

/** A failure to load as a sentence. */
export function explained(error: unknown): MountError {
  if (error instanceof MountError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "MODULE_NOT_FOUND") {
    return new MountError("--transport fuse-native needs the npm package fuse-native, which is not installed; run npm install, or use the default transport");
  }
  const message = error instanceof Error ? error.message : String(error);
  if (message.includes("libfuse.so.2")) {
    return new MountError("--transport fuse-native needs libfuse 2 (libfuse.so.2), which is not installed; install the package libfuse2, or use the default transport");
  }
  return new MountError(`--transport fuse-native can't load fuse-native (${message.split("\n")[0]!}); use the default transport`);
}
