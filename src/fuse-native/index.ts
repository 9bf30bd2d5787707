/**
 * The second transport: libfuse 2 through the npm package fuse-native, over the same engine. It is there for
 * comparison and for teaching, and as the proof that the engine knows no FUSE. What it cannot do is in limits.ts.
 */
import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { promisify } from "node:util";
import { display } from "../sys/bytes.js";
import { MNT_DETACH } from "../sys/constants.js";
import { E } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { MountError, type MountRequest, type Session, type Transport } from "../transport.js";
import { loadBinding, type Fuse } from "./binding.js";
import { channelClosed, newChannels, openChannels } from "./channel.js";
import { mend } from "./mends.js";
import { nativeMountpoint, nativeOptions } from "./mount-options.js";
import { Operations } from "./operations.js";
import { trace } from "./trace.js";

const run = promisify(execFile);
const HELPERS = ["fusermount3", "fusermount"] as const;
/** The kernel's first request comes at once; this long without it means that it never will. */
const INIT_TIMEOUT_MS = 10_000;

export const mountFuseNative: Transport = async (request) => {
  const mountpoint = nativeMountpoint(request.mountpoint);
  const options = nativeOptions(request);
  const { Fuse, half } = loadBinding();
  refuseWithoutDevice();
  const operations = new Operations(request);
  if (request.debug) trace(operations, request.log);
  const fuse = new Fuse(mountpoint, operations, { timeout: false });
  mend(fuse, half, operations, options);
  const before = openChannels();
  await mounted(fuse, request, before);
  return serve(request, mountpoint, channelClosed(before).then(() => end(fuse, operations)));
};

function refuseWithoutDevice(): void {
  try {
    accessSync("/dev/fuse", constants.R_OK | constants.W_OK);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new MountError(`/dev/fuse can't be opened (${code}); load the kernel's fuse module (modprobe fuse), or give this user or container the device`);
  }
}

async function mounted(fuse: Fuse, request: MountRequest, before: ReadonlySet<string>): Promise<void> {
  const isMounted = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), INIT_TIMEOUT_MS);
    fuse.mount((error) => {
      clearTimeout(timer);
      resolve(!error);
    });
  });
  if (isMounted) return;
  // A new descriptor of the device shows that there is a mount of ours to take back.
  if (newChannels(before).length > 0) await native.umountAsync(request.mountpoint, MNT_DETACH);
  throw new MountError(`libfuse 2 can't mount at '${display(request.mountpoint)}'; check /dev/fuse and, unless root mounts, that the directory is yours and fusermount (package fuse3) is installed`);
}

/** Gives back what the mount held: open files, and what keeps this process alive. */
function end(fuse: Fuse, operations: Operations): Promise<void> {
  operations.close();
  return new Promise((resolve) => fuse.unmount(() => resolve()));
}

function serve(request: MountRequest, mountpoint: string, done: Promise<void>): Session {
  return {
    done,
    async unmount(lazy) {
      const error = await native.umountAsync(request.mountpoint, lazy ? MNT_DETACH : 0);
      return error === -E.EPERM ? unmountByHelper(mountpoint, lazy) : error;
    },
  };
}

/** As an ordinary user: the setuid helper unmounts. */
async function unmountByHelper(mountpoint: string, lazy: boolean): Promise<number> {
  for (const helper of HELPERS) {
    try {
      await run(helper, [lazy ? "-uz" : "-u", "--", mountpoint]);
      return 0;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) return -E.EBUSY;
    }
  }
  return -E.EPERM;
}
