/**
 * A temporary directory per test, open as an O_PATH descriptor, and what the tests of `src/sys` share. Names
 * hold bytes that are no UTF-8 wherever a test does not care what they are.
 */
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dir } from "tmp-promise";
import { test as base } from "vitest";
import { bytes, type Bytes } from "../../src/sys/bytes.js";
import { AT_FDCWD, O_CREAT, O_DIRECTORY, O_NOFOLLOW, O_PATH, O_RDWR } from "../../src/sys/constants.js";
import { native } from "../../src/sys/native.js";

/** A name that is no UTF-8 in any part: it must come back byte for byte. */
export const strange = "\xff\xfe n\xe4me\x01" as Bytes;

export const self = "" as Bytes;

export const isRoot = process.getuid?.() === 0;

/** Where the addon is, for tests that need a process of their own. */
export const addon = createRequire(import.meta.url).resolve("../../build/Release/ovlfs.node");

export class Sandbox {
  readonly dirfd: number;
  readonly #descriptors: number[] = [];

  constructor(readonly path: string) {
    this.dirfd = this.keep(native.openat(AT_FDCWD, bytes(path), O_PATH | O_DIRECTORY, 0));
  }

  /** Passes a descriptor through and closes it at the end of the test. */
  keep(fd: number): number {
    if (fd < 0) throw new Error(`no descriptor: ${fd}`);
    this.#descriptors.push(fd);
    return fd;
  }

  /** A file with this content, open for reading and writing. */
  file(name: Bytes, content = ""): number {
    const fd = this.keep(native.openat(this.dirfd, name, O_CREAT | O_RDWR, 0o644));
    const data = Buffer.from(content, "latin1");
    native.pwrite(fd, data, 0, data.length, 0);
    return fd;
  }

  /** An O_PATH descriptor of a name, be it a symlink. */
  pathOnly(name: Bytes): number {
    return this.keep(native.openat(this.dirfd, name, O_PATH | O_NOFOLLOW, 0));
  }

  release(): void {
    for (const fd of this.#descriptors) native.close(fd);
  }
}

export const test = base.extend<{ sandbox: Sandbox }>({
  sandbox: async ({}, use) => {
    const { path, cleanup } = await dir({ unsafeCleanup: true });
    const sandbox = new Sandbox(path);
    await use(sandbox);
    sandbox.release();
    await cleanup();
  },
});

/** A test that only root can run; for others it is skipped, with that reason. */
export const testAsRoot = test.extend<{ privilege: undefined }>({
  privilege: [
    async ({ skip }, use) => {
      skip(!isRoot, "needs root");
      await use(undefined);
    },
    { auto: true },
  ],
});

/** Runs a program that knows the addon as `native` in a Node of its own; what it printed, or why it failed. */
export function inProcess(program: string, environment: Readonly<Record<string, string>> = {}): string {
  const script = `const native = require(${JSON.stringify(addon)}); const c = native.constants; ${program}`;
  const child = spawnSync(process.execPath, ["-e", script], {
    encoding: "utf8",
    timeout: 20_000,
    env: { ...process.env, ...environment },
  });
  return child.status === 0 ? child.stdout.trim() : `status ${child.status} signal ${child.signal}: ${child.stderr}`;
}
