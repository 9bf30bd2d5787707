/**
 * The package fuse-native, loaded when it is asked for: it is an optional dependency, and its C half needs
 * libfuse 2 on this machine. Only what is used here is typed.
 */
import { createRequire } from "node:module";
import { MountError } from "../transport.js";
import type { Operations } from "./operations.js";

/** Options that fuse-native turns into those of libfuse. */
export interface FuseOptions {
  readonly fsname: string;
  readonly subtype: string;
  readonly allowOther: boolean;
  readonly defaultPermissions: boolean;
  readonly debug: boolean;
  /** Without this a request that takes longer than 15 seconds would fail. */
  readonly timeout: false;
}

export interface Fuse {
  mount(done: (error: Error | null) => void): void;
  unmount(done: (error: Error | null) => void): void;
}

export type FuseClass = new (mountpoint: string, operations: Operations, options: FuseOptions) => Fuse;

/** Loads fuse-native; throws MountError with the remedy. */
export function loadBinding(): FuseClass {
  try {
    return createRequire(import.meta.url)("fuse-native") as FuseClass;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "ERR_DLOPEN_FAILED") {
      throw new MountError("--transport fuse-native needs libfuse 2 (libfuse.so.2), which is not installed; install the package libfuse2, or use the default transport");
    }
    throw new MountError("--transport fuse-native needs the npm package fuse-native, which is not installed; run npm install, or use the default transport");
  }
}
