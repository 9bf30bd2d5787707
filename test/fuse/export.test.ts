/** File handles of a mount, as an NFS server uses them: with nfsExport they outlive what the kernel keeps. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makePlace, removePlace } from "../harness/places.js";
import { mustRun, run, waitUntil } from "../harness/processes.js";
import { bytes } from "../../src/sys/bytes.js";
import { AT_FDCWD, O_DIRECTORY, O_RDONLY } from "../../src/sys/constants.js";
import { errnoName } from "../../src/sys/errno.js";
import { native } from "../../src/sys/native.js";

const dist = join(import.meta.dirname, "../../dist");
/** Mounts l, u and w at m in a process of its own; there is no option for it yet. */
const program = `
  const [place, nfsExport] = process.argv.slice(1);
  const { Engine } = await import("${dist}/engine/engine.js");
  const { mountFuse } = await import("${dist}/fuse/index.js");
  const { Tracing } = await import("${dist}/trace/tracing.js");
  const { native } = await import("${dist}/sys/native.js");
  const log = { warn: console.error, info() {} };
  native.umask(0);
  const engine = Engine.open({ lower: [place + "/l"], upper: place + "/u", work: place + "/w", nfsExport: nfsExport === "true" }, log);
  const session = await mountFuse({ engine, mountpoint: place + "/m", source: "ovlfs", flags: 0, allowOther: true, debug: false, tracer: new Tracing(engine, log, place + "/m"), log });
  console.log("mounted");
  await session.done;
  engine.close();
`;

interface Exported {
  readonly merged: string;
  handleOf(name: string): Uint8Array;
  /** The content of the file of a handle, or the errno's name. */
  read(handle: Uint8Array): string;
  remount(): Promise<void>;
}

async function exported(nfsExport: boolean, act: (mount: Exported) => void | Promise<void>): Promise<void> {
  const place = makePlace();
  const merged = join(place, "m");
  for (const name of ["l", "l/d", "l/d/e", "u", "w", "m"]) mkdirSync(join(place, name));
  for (const name of ["l/f", "l/d/e/g"]) writeFileSync(join(place, name), name);
  const mount = async (): Promise<void> => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", program, place, String(nfsExport)], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data", { signal: AbortSignal.timeout(20_000) });
  };
  try {
    await mount();
    await act({
      merged,
      handleOf(name) {
        const buffer = Buffer.alloc(256);
        const length = native.nameToHandleAt(AT_FDCWD, bytes(join(merged, name)), buffer);
        expect(length).toBeGreaterThan(0);
        return Uint8Array.from(buffer.subarray(0, length));
      },
      read: (handle) => readByHandle(merged, handle),
      async remount() {
        mustRun("umount", [merged]);
        await mount();
      },
    });
  } finally {
    waitUntil(() => run("umount", [merged]).status !== 32);
    run("umount", ["-l", merged]);
    removePlace(place);
  }
}

function readByHandle(merged: string, handle: Uint8Array): string {
  const mountFd = native.openat(AT_FDCWD, bytes(merged), O_RDONLY | O_DIRECTORY, 0);
  const fd = native.openByHandleAt(mountFd, handle, O_RDONLY);
  native.close(mountFd);
  if (fd < 0) return errnoName(fd);
  const buffer = Buffer.alloc(100);
  const length = native.pread(fd, buffer, 0, 100, 0);
  native.close(fd);
  return length < 0 ? errnoName(length) : buffer.toString("latin1", 0, length);
}

/** Has the kernel forget all names and inodes that nobody uses. */
function dropNames(): false {
  writeFileSync("/proc/sys/vm/drop_caches", "2");
  return false;
}

const testAsRoot = test.skipIf(process.getuid?.() !== 0);

testAsRoot("with nfsExport a handle finds its file when the kernel has forgotten it, after a copy-up and a rename too", () => exported(true, (mount) => {
  const [file, deep, directory] = [mount.handleOf("f"), mount.handleOf("d/e/g"), mount.handleOf("d/e")];
  dropNames();
  expect([mount.read(file), mount.read(deep), mount.read(directory)]).toEqual(["l/f", "l/d/e/g", "EISDIR"]);
  writeFileSync(join(mount.merged, "d/e/g"), "new");
  renameSync(join(mount.merged, "d/e/g"), join(mount.merged, "moved"));
  dropNames();
  expect(mount.read(deep)).toBe("new");
}), 60_000);

testAsRoot("a handle of a file that is gone, or of a former mount, is ESTALE", () => exported(true, async (mount) => {
  const [file, deep] = [mount.handleOf("f"), mount.handleOf("d/e/g")];
  rmSync(join(mount.merged, "f"));
  waitUntil(() => mount.read(file) === "ESTALE" || dropNames());
  expect([mount.read(file), mount.read(deep)]).toEqual(["ESTALE", "l/d/e/g"]);
  await mount.remount();
  expect([mount.handleOf("d/e/g").length, mount.read(deep)]).toEqual([deep.length, "ESTALE"]);
}), 60_000);

testAsRoot("without it a handle is ESTALE once the kernel has forgotten its file", () => exported(false, (mount) => {
  const file = mount.handleOf("f");
  expect(mount.read(file)).toBe("l/f");
  waitUntil(() => mount.read(file) === "ESTALE" || dropNames());
  expect(mount.read(file)).toBe("ESTALE");
}), 60_000);
