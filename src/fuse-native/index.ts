/**
 * The second transport: libfuse 2 through the npm package fuse-native, over the same engine. It is there for
 * comparison and for teaching, and as the proof that the engine knows no FUSE.
 */
import { readFileSync } from "node:fs";
import { toBuffer, type Bytes } from "../sys/bytes.js";
import {
  MNT_DETACH, MS_DIRSYNC, MS_NOATIME, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_RDONLY, MS_SYNCHRONOUS,
} from "../sys/constants.js";
import { E } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { MountError, type MountRequest, type Session, type Transport } from "../transport.js";
import { loadBinding, type Fuse } from "./binding.js";
import { bounded } from "./bounded.js";
import { Operations } from "./operations.js";

/** How often it is looked whether somebody has unmounted us: libfuse 2 does not say. */
const WATCH_INTERVAL_MS = 250;

export const mountFuseNative: Transport = async (request) => {
  const FuseNative = bounded(loadBinding());
  const mountpoint = toBuffer(request.mountpoint).toString("utf8");
  if (mountpoint.includes("\uFFFD")) {
    throw new MountError("--transport fuse-native can't mount at a name that is not UTF-8; name another directory, or use the default transport");
  }
  const operations = new Operations(request);
  const fuse = new FuseNative(mountpoint, operations, {
    fsname: sourceAndMore(request), subtype: "ovlfs", allowOther: request.allowOther,
    defaultPermissions: true, debug: request.debug, timeout: false,
  });
  await mounted(fuse);
  return watched(request, fuse, operations);
};

/**
 * The source, and behind it what fuse-native has no option for: it joins its options by commas. A comma or
 * backslash of the source is escaped as libfuse has it.
 */
function sourceAndMore({ source, flags }: MountRequest): string {
  const name = toBuffer(source).toString("utf8").replace(/[\\,]/g, "\\$&");
  const words = FLAG_WORDS.map(([flag, on, off]) => (flags & flag ? on : off)).filter((word) => word !== "");
  return [name, "use_ino", ...words].join(",");
}

/** libfuse's words for a flag that is set and for one that is not: by itself it takes nosuid and nodev. */
const FLAG_WORDS: readonly (readonly [number, string, string])[] = [
  [MS_RDONLY, "ro", ""], [MS_NOSUID, "nosuid", "suid"], [MS_NODEV, "nodev", "dev"], [MS_NOEXEC, "noexec", ""],
  [MS_NOATIME, "noatime", ""], [MS_SYNCHRONOUS, "sync", ""], [MS_DIRSYNC, "dirsync", ""],
];

function mounted(fuse: Fuse): Promise<void> {
  return new Promise((resolve, reject) => {
    fuse.mount((error) => {
      if (error) reject(new MountError(`libfuse 2 can't mount (${error.message}); check the mountpoint, /dev/fuse and fusermount`));
      else resolve();
    });
  });
}

function watched(request: MountRequest, fuse: Fuse, operations: Operations): Session {
  let finish: () => void = () => undefined;
  const done = new Promise<void>((resolve) => { finish = resolve; });
  const timer = setInterval(() => {
    if (isMounted(request.mountpoint)) return;
    clearInterval(timer);
    operations.close();
    finish();
  }, WATCH_INTERVAL_MS);
  return { done, unmount: (lazy) => unmount(request.mountpoint, fuse, lazy) };
}

async function unmount(mountpoint: Bytes, fuse: Fuse, lazy: boolean): Promise<number> {
  const error = await native.umountAsync(mountpoint, lazy ? MNT_DETACH : 0);
  if (error !== -E.EPERM) return error;
  return new Promise((resolve) => {
    fuse.unmount((failed) => resolve(failed ? -E.EBUSY : 0));
  });
}

/** Looks in the mount table, not at the mountpoint: that would be a request to ourselves. */
function isMounted(mountpoint: Bytes): boolean {
  const escaped = mountpoint.replace(/[ \t\n\\]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`);
  const lines = readFileSync("/proc/self/mountinfo", "latin1").split("\n");
  return lines.some((line) => line.split(" ")[4] === escaped && line.includes(" - fuse.ovlfs "));
}
