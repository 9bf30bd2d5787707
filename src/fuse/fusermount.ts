/**
 * Mounting as an ordinary user: the setuid helper fusermount3 mounts and sends the descriptor of /dev/fuse
 * over a socket whose number it finds in _FUSE_COMMFD.
 * Source: fusermount3(1); fuse_mount_fusermount in libfuse.
 */
import { bytes, concat, display, toBuffer, type Bytes } from "../sys/bytes.js";
import { AT_FDCWD, O_DIRECTORY, O_PATH } from "../sys/constants.js";
import { E, errnoName } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { MountError, type MountRequest } from "../transport.js";
import { escapeOption, flagWords } from "../mount-words.js";
import { Connection } from "./connection.js";
import type { Mounted } from "./mount.js";

const HELPERS = ["fusermount3", "fusermount"];
/** Where the helper finds its end of the socket: behind standard error. */
const COMM_FD = 3;
/**
 * The mountpoint as the helper is told it, which runs in there: Node passes words as UTF-8 only, and a name
 * need not be that.
 */
const HERE = ".";

/** Mounts through the helper; rejects with MountError. */
export async function mountByHelper(request: MountRequest): Promise<Mounted> {
  const mountpoint = native.openat(AT_FDCWD, request.mountpoint, O_PATH | O_DIRECTORY, 0);
  if (mountpoint < 0) throw new MountError(`the mountpoint '${display(request.mountpoint)}' can't be opened (${errnoName(mountpoint)}); name another directory`);
  for (const helper of HELPERS) {
    const mounted = await tryHelper(helper, request, mountpoint);
    if (mounted) return mounted;
  }
  throw new MountError("mounting as an ordinary user needs fusermount3, which is not installed; install the package fuse3, or mount as root");
}

async function tryHelper(helper: string, request: MountRequest, mountpoint: number): Promise<Mounted | null> {
  const pair = native.socketpair();
  if (typeof pair === "number") throw new MountError(`no socket for ${helper} (${errnoName(pair)}); close other programs and try again`);
  const [ours, theirs] = pair;
  try {
    const words = ["-o", toBuffer(options(request)).toString("utf8"), "--", HERE];
    const { code, message } = await run(helper, words, mountpoint, theirs);
    if (code === null) return null;
    if (code !== 0) throw new MountError(`${helper} can't mount at '${display(request.mountpoint)}': ${explain(message)}`);
    const fd = native.receiveFd(ours);
    if (fd < 0) {
      await unmountByHelper(helper, mountpoint, true);
      throw new MountError(`${helper} sent no descriptor (${errnoName(fd)}); check its installation`);
    }
    return {
      connection: Connection.adopt(fd, request.log),
      unmount: (lazy) => unmountByHelper(helper, mountpoint, lazy),
    };
  } finally {
    native.close(ours);
    native.close(theirs);
  }
}

/** Options in the helper's form: a comma or backslash in the source is escaped by a backslash. */
function options({ source, flags, allowOther }: MountRequest): Bytes {
  const words = [
    concat(bytes("fsname="), escapeOption(source)), "subtype=ovlfs", "default_permissions",
    ...(allowOther ? ["allow_other"] : []),
    ...flagWords(flags),
  ];
  return words.join(",") as Bytes;
}

interface Ended {
  /** Null if the program is not there. */
  readonly code: number | null;
  readonly message: string;
}

/** Runs a helper to its end, in the directory that is open as `directory`. */
async function run(helper: string, words: readonly string[], directory: number, socket: number | null): Promise<Ended> {
  // Root, who mounts without a helper, does not wait for it to be loaded.
  const { spawn } = await import("node:child_process");
  return new Promise((resolve, reject) => {
    const child = spawn(helper, words, {
      cwd: `/proc/${process.pid}/fd/${directory}`,
      env: { ...process.env, _FUSE_COMMFD: String(COMM_FD) },
      stdio: ["ignore", "ignore", "pipe", socket ?? "ignore"],
    });
    let message = "";
    child.stderr?.on("data", (chunk: Buffer) => { message += chunk.toString(); });
    child.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") resolve({ code: null, message });
      else reject(new MountError(`${helper} can't be run (${error.code ?? error.message}); check its installation`));
    });
    child.on("close", (code) => resolve({ code: code ?? 1, message }));
  });
}

function explain(message: string): string {
  const line = message.trim().split("\n")[0] ?? "";
  if (line.includes("user_allow_other")) return "allow_other is refused; add user_allow_other to /etc/fuse.conf or leave allow_other out";
  if (line.includes("/dev/fuse")) return `${line}; allow this user, or the container, to use the device`;
  return line === "" ? "it gave no reason; check that the directory is yours" : line;
}

async function unmountByHelper(helper: string, mountpoint: number, lazy: boolean): Promise<number> {
  try {
    return (await run(helper, [lazy ? "-uz" : "-u", "--", HERE], mountpoint, null)).code === 0 ? 0 : -E.EBUSY;
  } catch {
    return -E.EPERM;
  }
}
