/**
 * `ovlfs umount`: unmounts what ovlfs mounted and nothing else, also where the daemon is dead or hangs: no
 * call here asks the mount itself. Returns when the daemon has gone, so that its layers can be used again.
 */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { bytes, bytesOf, concat, display, toBuffer, type Bytes } from "../sys/bytes.js";
import { E, errnoName, fail } from "../sys/errno.js";
import { native } from "../sys/native.js";
import type { UmountCommand } from "./command-line.js";
import { mountAt } from "../sys/mount-table.js";
import { realPath } from "./mountpoint.js";
import { UsageError } from "./usage-error.js";

const TYPE = "fuse.ovlfs";

/** How long to wait for the daemon, in milliseconds: it may still have data to write out. */
const PATIENCE = 10_000;
const POLL_INTERVAL = 5;

/** Unmounts; throws UsageError where there is nothing of ours, or where the kernel refuses. */
export async function umount(command: UmountCommand): Promise<void> {
  const mountpoint = locate(command.mountpoint);
  const shown = display(mountpoint);
  const entry = mountAt(mountpoint);
  if (entry === undefined) throw new UsageError(`'${shown}' is not mounted; /proc/mounts lists what is`);
  if (entry.type !== TYPE) throw new UsageError(`'${shown}' is a mount of type ${entry.type}, not ${TYPE}; use umount(8)`);

  const daemons = daemonsOf(mountpoint);
  const error = process.geteuid!() === 0 ? umountAsRoot(mountpoint, command.lazy) : await umountAsUser(mountpoint, command.lazy);
  if (error !== 0) throw new UsageError(refusal(shown, error));
  if (!command.lazy) await oneHasGone(daemons);
}

/** The real path; where it cannot be walked, the words themselves, which the mount table may still know. */
function locate(path: Bytes): Bytes {
  try {
    return realPath(path);
  } catch {
    const absolute = path.startsWith("/") ? path : concat(bytes(process.cwd()), bytes("/"), path);
    return absolute.replace(/(?<=.)\/+$/, "") as Bytes;
  }
}

function refusal(shown: string, error: number): string {
  switch (-error) {
    case E.EBUSY: return `'${shown}' is busy; close what is open in it ('fuser -vm ${shown}' shows who), or detach it with -l`;
    case E.EPERM: return `'${shown}' cannot be unmounted: permission denied; do it as root or as the user who mounted it`;
    default: return `'${shown}' cannot be unmounted: ${errnoName(error)}; detach it with -l`;
  }
}

function umountAsRoot(mountpoint: Bytes, lazy: boolean): number {
  return native.umount2(mountpoint, lazy ? native.constants["MNT_DETACH"]! : 0);
}

/** Through fusermount3, which may unmount for the user who mounted. Answers 0 or an errno. */
async function umountAsUser(mountpoint: Bytes, lazy: boolean): Promise<number> {
  const { spawnSync } = await import("node:child_process");
  // spawn takes text only, so the bytes of the name go to a shell in octal; the dot keeps trailing newlines.
  const octal = [...toBuffer(mountpoint)].map((byte) => `\\0${byte.toString(8).padStart(3, "0")}`).join("");
  const script = 'path=$(printf "%b." "$2"); exec fusermount3 "$1" -- "${path%.}"';
  const run = spawnSync("sh", ["-c", script, "sh", lazy ? "-uz" : "-u", octal], {
    encoding: "utf8", stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, LC_ALL: "C" },
  });
  if (run.status === 0) return 0;
  if (run.status === 127) throw new UsageError("fusermount3 is not installed; install the package fuse3, or unmount as root");
  return fail(run.stderr.includes("busy") ? E.EBUSY : E.EPERM);
}

/** The processes that serve a mount at `mountpoint`, known by their title. */
function daemonsOf(mountpoint: Bytes): readonly string[] {
  const title = bytes(`ovlfs ${display(mountpoint)}`);
  return readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name) && titleOf(name) === title);
}

function titleOf(process: string): string | undefined {
  try {
    return bytesOf(readFileSync(`/proc/${process}/cmdline`)).replace(/\0[^]*$/, "");
  } catch {
    return undefined;
  }
}

/** Waits until one of `daemons` has gone: where mounts are stacked, the daemon of the topmost. */
async function oneHasGone(daemons: readonly string[]): Promise<void> {
  const end = performance.now() + PATIENCE;
  while (daemons.length > 0 && performance.now() < end) {
    if (daemons.some((process) => titleOf(process) === undefined || titleOf(process) === "")) return;
    await sleep(POLL_INTERVAL);
  }
}
