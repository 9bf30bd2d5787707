import { expect, test, vi } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { FATTR_SIZE, Opcode } from "../../src/fuse/protocol.js";
import {
  fuse_fsync_in, fuse_interrupt_in, fuse_link_in, fuse_lseek_in, fuse_read_in, fuse_rename2_in, fuse_setattr_in, fuse_write_in,
} from "../../src/fuse/structs.js";
import { RENAME_EXCHANGE, SEEK_HOLE } from "../../src/sys/constants.js";
import { E } from "../../src/sys/errno.js";
import { S_IFREG } from "../../src/sys/stat.js";
import { directory, encode, file, fill, initialize, named, serve, settle, type Served } from "./fixture.js";

/** An engine that copies the file up at length until `finish` is called, and notes what it does. */
function slow(methods: Partial<Engine> = {}): { served: Served; acts: string[]; finish: () => Promise<void> } {
  const acts: string[] = [];
  let copied: () => void = () => undefined;
  let staging: Promise<void> | null = new Promise((resolve) => { copied = resolve; });
  const served = serve({
    stage: (inode, change) => inode === file && change?.size !== 0 ? staging : null,
    getattr: (_, stat) => fill(stat, 1n, { Mode: S_IFREG }),
    setattr: (_, change) => { acts.push(`setattr ${JSON.stringify(change)}`); return 0; },
    write: (_inode, buffer, offset, length) => { acts.push(`write ${Buffer.from(buffer.subarray(offset, offset + length)).toString()}`); return length; },
    read: () => { acts.push("read"); return 0; },
    fsync: () => { acts.push("fsync"); return 0; },
    link: () => { acts.push("link"); return file; },
    lookup: () => file, forget: () => undefined,
    ...methods,
  });
  const finish = (): Promise<void> => {
    staging = null;
    copied();
    return settle();
  };
  return { served, acts, finish };
}

function write(served: Served, unique: number, data: string): unknown {
  return served.send(Opcode.WRITE, { nodeid: 7, unique }, encode(fuse_write_in, { size: data.length }), Buffer.from(data));
}

test("changes of a file that is being copied up wait, keep their data and their order, and are answered then", async () => {
  const { served, acts, finish } = slow();
  expect(write(served, 10, "one")).toBeUndefined();
  expect(write(served, 12, "two")).toBeUndefined();
  served.send(Opcode.SETATTR, { nodeid: 7, unique: 14 }, encode(fuse_setattr_in, { valid: FATTR_SIZE, size: 0 }));
  served.send(Opcode.FSYNC, { nodeid: 7, unique: 16 }, encode(fuse_fsync_in, {}));
  served.send(Opcode.LINK, { nodeid: 8, unique: 18 }, encode(fuse_link_in, { oldnodeid: 7 }), named("l"));
  expect([acts, served.device.messages]).toEqual([[], []]);
  await finish();
  expect(acts).toEqual(["write one", "write two", 'setattr {"size":0}', "fsync", "link"]);
  expect(served.device.messages.map(({ unique, error }) => [unique, error])).toEqual([10n, 12n, 14n, 16n, 18n].map((unique) => [unique, 0]));
});

test("who reads that file, and who changes another, does not wait", () => {
  const { served, acts } = slow();
  write(served, 10, "one");
  expect(served.send(Opcode.READ, { nodeid: 7 }, encode(fuse_read_in, { size: 1 }))!.error).toBe(0);
  expect(served.send(Opcode.GETATTR, { nodeid: 7 }, Buffer.alloc(16))!.error).toBe(0);
  expect(served.send(Opcode.WRITE, { nodeid: 8 }, encode(fuse_write_in, { size: 1 }), Buffer.from("x"))!.error).toBe(0);
  expect(acts).toEqual(["read", "write x"]);
});

test("a SEEK_HOLE waits behind WRITEs that wait, and only then has the kernel write back the rest", async () => {
  const { served, acts, finish } = slow({ lseek: () => { acts.push("lseek"); return 0; } });
  initialize(served);
  write(served, 10, "one");
  served.send(Opcode.LSEEK, { nodeid: 7, unique: 12 }, encode(fuse_lseek_in, { whence: SEEK_HOLE }));
  expect(served.device.offThread).toEqual([]);
  await finish();
  expect([acts, served.device.offThread.length]).toEqual([["write one", "lseek"], 1]);
});

test("a truncation to nothing needs no data and waits for none", () => {
  const { served, acts } = slow();
  served.send(Opcode.SETATTR, { nodeid: 7 }, encode(fuse_setattr_in, { valid: FATTR_SIZE, size: 0 }));
  expect(acts).toEqual(['setattr {"size":0}']);
});

test("INTERRUPT answers one that waits with EINTR, and it is never carried out", async () => {
  const { served, acts, finish } = slow();
  write(served, 10, "one");
  write(served, 12, "two");
  served.send(Opcode.INTERRUPT, { unique: 11 }, encode(fuse_interrupt_in, { unique: 10 }));
  expect(served.device.messages.map(({ unique, error }) => [unique, error])).toEqual([[10n, -E.EINTR]]);
  await finish();
  expect(acts).toEqual(["write two"]);
});

test("INTERRUPT of one whose caller lives is asked for again in a while, and the caller goes on waiting", async () => {
  const { served, acts, finish } = slow();
  served.send(Opcode.WRITE, { nodeid: 7, unique: 10, pid: process.pid }, encode(fuse_write_in, { size: 3 }), Buffer.from("one"));
  served.send(Opcode.INTERRUPT, { unique: 11 }, encode(fuse_interrupt_in, { unique: 10 }));
  expect(served.device.messages).toEqual([]);
  await vi.waitFor(() => { expect(served.device.messages).toHaveLength(1); });
  expect(served.device.messages.map(({ unique, error }) => [unique, error])).toEqual([[11n, -E.EAGAIN]]);
  await finish();
  expect(acts).toEqual(["write one"]);
  expect(served.device.messages.at(-1)).toMatchObject({ unique: 10n, error: 0 });
});

test("nobody waits twice for one file, so a copy-up that fails is begun once for all who wait", async () => {
  let begun = 0;
  const { served, acts } = slow({ stage: () => { begun += 1; return Promise.resolve(); } });
  write(served, 10, "one");
  write(served, 12, "two");
  await settle();
  expect(acts).toEqual(["write one", "write two"]);
  expect(begun).toBe(1);
});

test("who comes while a long queue is being served does not overtake it", async () => {
  const { served, acts, finish } = slow();
  for (let index = 0; index < 20; index += 1) write(served, 10 + 2 * index, `${index}`);
  await finish();
  expect(acts.length).toBe(16);
  write(served, 100, "late");
  await settle();
  expect(acts).toEqual([...Array.from({ length: 20 }, (_, index) => `write ${index}`), "write late"]);
});

test("a rename waits for its source, an exchange for both sides, and neither keeps a reference", async () => {
  const staged: string[] = [];
  let references = 0;
  const served = serve({
    lookup: (parent) => { references += 1; return parent === directory ? directory : file; },
    forget: (_, count) => { references -= count; },
    stage: (inode) => {
      const side = inode === file ? "source" : "target";
      if (staged.includes(side)) return null;
      staged.push(side);
      return Promise.resolve();
    },
    rename: () => { staged.push("rename"); return 0; },
  });
  served.send(Opcode.RENAME2, { unique: 10 }, encode(fuse_rename2_in, { newdir: 8, flags: RENAME_EXCHANGE }), named("a"), named("b"));
  expect([staged, references]).toEqual([["source"], 0]);
  await settle();
  expect([staged, references]).toEqual([["source", "target", "rename"], 0]);
  expect(served.device.messages.map(({ unique, error }) => [unique, error])).toEqual([[10n, 0]]);
});

test("once unmounted nobody who waited is served any more", async () => {
  const { served, acts, finish } = slow();
  write(served, 10, "one");
  served.adapter.end();
  await finish();
  expect([acts, served.device.messages]).toEqual([[], []]);
});
