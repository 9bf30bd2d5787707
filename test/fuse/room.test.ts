/** What a deletion frees is there for whoever comes after it, though its FORGET may be read later. */
import { expect, test } from "vitest";
import { FUSE_WRITE_CACHE, Opcode } from "../../src/fuse/protocol.js";
import { fuse_forget_in, fuse_kstatfs, fuse_notify_inval_inode_out, fuse_write_in } from "../../src/fuse/structs.js";
import { StatfsField } from "../../src/sys/statfs.js";
import { E } from "../../src/sys/errno.js";
import { encode, initialize, named, serve, settle, settleAll, type Served } from "./fixture.js";

/** A full disk, on which the kernel still holds a deleted file; there is room when it has forgotten that. */
function fullDisk(): { served: Served; attempts: string[] } {
  const attempts: string[] = [];
  let isFull = true;
  const refusal = (what: string, error = E.ENOSPC): number => {
    attempts.push(what);
    return isFull ? -error : 0;
  };
  const served = serve({
    forget: () => { isFull = false; },
    write: (_inode, buffer, offset, length) => refusal("write") || Buffer.from(buffer.subarray(offset, offset + length)).length,
    setxattr: () => refusal("setxattr", E.EDQUOT),
    unlink: () => 0,
    statfs: (out) => { out.fill(0); out[StatfsField.Bavail] = isFull ? 0 : 5; return 0; },
  });
  return { served, attempts };
}

function write(served: Served, flags = 0): void {
  served.send(Opcode.WRITE, { nodeid: 7, unique: 20 }, encode(fuse_write_in, { size: 3, write_flags: flags }), Buffer.from("abc"));
}

function forget(served: Served): void {
  served.send(Opcode.FORGET, { nodeid: 8, unique: 30 }, encode(fuse_forget_in, { nlookup: 1 }));
}

function answers({ device: { messages } }: Served): [bigint, number][] {
  return messages.map(({ unique, error }) => [unique, error]);
}

test("what finds no room is tried once more behind the FORGETs that are there, with the data it came with", async () => {
  const { served, attempts } = fullDisk();
  write(served);
  expect(served.device.messages).toEqual([]);
  forget(served);
  await settleAll();
  expect(answers(served)).toEqual([[20n, 0]]);
  expect(attempts).toEqual(["write", "write"]);
});

test("so is what a quota refuses", async () => {
  const { served } = fullDisk();
  served.send(Opcode.SETXATTR, { nodeid: 7, unique: 22 }, Buffer.alloc(8), named("user.x"));
  forget(served);
  await settleAll();
  expect(answers(served)).toEqual([[22n, 0]]);
});

test("where nothing is freed the second refusal is the answer", async () => {
  const { served, attempts } = fullDisk();
  write(served);
  await settleAll();
  expect(answers(served)).toEqual([[20n, -E.ENOSPC]]);
  expect(attempts).toEqual(["write", "write"]);
});

test("STATFS counts what was freed by FORGETs that are there", async () => {
  const { served } = fullDisk();
  served.send(Opcode.STATFS, { unique: 24 });
  forget(served);
  await settleAll();
  expect(served.device.messages[0]!.u64(fuse_kstatfs.bavail)).toBe(5n);
});

test.each([
  { title: "something was forgotten", isForgotten: true, isFreed: false, copies: 2 },
  { title: "copies made ahead were given back", isForgotten: false, isFreed: true, copies: 2 },
  { title: "there is no more room", isForgotten: false, isFreed: false, copies: 1 },
])("a long copy-up that found no room is begun anew, or not, as $title", async ({ isForgotten, isFreed, copies }) => {
  let begun = 0;
  const served = serve({
    stage: () => { begun += 1; return Promise.resolve(); },
    write: () => -E.ENOSPC, forget: () => undefined, freeRoom: () => Promise.resolve(isFreed),
  });
  write(served);
  await settle();
  if (isForgotten) forget(served);
  await settleAll();
  expect(begun).toBe(copies);
  expect(answers(served)).toEqual([[20n, -E.ENOSPC]]);
});

test("what could not be written is dropped once, and a deletion is answered when that is done", async () => {
  const { served } = fullDisk();
  initialize(served);
  const drops: (() => void)[] = [];
  served.device.writeOffThread = (buffer) => {
    expect(Buffer.from(buffer).readBigUInt64LE(16 + fuse_notify_inval_inode_out.ino)).toBe(7n);
    return new Promise((resolve) => drops.push(resolve));
  };
  const before = served.device.messages.length;
  write(served, FUSE_WRITE_CACHE);
  await settleAll();
  expect(drops).toHaveLength(1);
  served.send(Opcode.UNLINK, { unique: 26 }, named("x"));
  expect(answers(served).slice(before)).toEqual([[20n, -E.ENOSPC]]);
  drops[0]!();
  await settleAll();
  served.send(Opcode.UNLINK, { unique: 28 }, named("y"));
  expect(answers(served).slice(before)).toEqual([[20n, -E.ENOSPC], [26n, 0], [28n, 0]]);
});
