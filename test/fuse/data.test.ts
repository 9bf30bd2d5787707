import { expect, test } from "vitest";
import type { Inode } from "../../src/engine/inode.js";
import { FOPEN_KEEP_CACHE, FUSE_FSYNC_FDATASYNC, FUSE_NOTIFY_INVAL_INODE, FUSE_WRITE_CACHE, FUSE_WRITE_KILL_SUIDGID, Opcode } from "../../src/fuse/protocol.js";
import {
  fuse_copy_file_range_in, fuse_copy_file_range_out, fuse_fallocate_in, fuse_fsync_in, fuse_lseek_in,
  fuse_lseek_out, fuse_notify_inval_inode_out, fuse_open_in, fuse_open_out, fuse_read_in, fuse_write_in, fuse_write_out,
} from "../../src/fuse/structs.js";
import { O_RDONLY, O_RDWR, O_WRONLY, SEEK_DATA } from "../../src/sys/constants.js";
import { E } from "../../src/sys/errno.js";
import { S_IFREG, type Stat } from "../../src/sys/stat.js";
import { directory, encode, file, fill, initialize, serve, settle, settleAll } from "./fixture.js";

const plain = (_: Inode, stat: Stat): number => fill(stat, 1n, { Mode: S_IFREG | 0o644 });
const setuid = (_: Inode, stat: Stat): number => fill(stat, 1n, { Mode: S_IFREG | 0o4755 });

test("OPEN copies up where it is for writing and the mount wants that; elsewhere opens are spared", () => {
  const copied: unknown[] = [];
  const copyUp = (inode: Inode): number => {
    copied.push(inode);
    return 0;
  };
  const open = (copyUpAtOpen: boolean, flags: number) =>
    serve({ copyUp }, { copyUpAtOpen }).send(Opcode.OPEN, { nodeid: 7 }, encode(fuse_open_in, { flags }))!;
  expect([open(false, O_RDWR).error, copied]).toEqual([-E.ENOSYS, []]);
  expect([open(true, O_RDONLY).error, copied]).toEqual([0, []]);
  const answer = open(true, O_RDWR);
  expect([answer.body.length, answer.u64(fuse_open_out.fh), answer.u32(fuse_open_out.open_flags)]).toEqual([fuse_open_out.sizeof, 0n, FOPEN_KEEP_CACHE]);
  expect([open(true, O_WRONLY).error, copied]).toEqual([0, [file, file]]);
  expect(serve({ copyUp: () => -E.EIO }, { copyUpAtOpen: true }).send(Opcode.OPEN, { nodeid: 7 }, encode(fuse_open_in, { flags: O_WRONLY }))!.error).toBe(-E.EIO);
});

test("READ is answered with what the engine read, short at the end of the file", () => {
  const asked: unknown[] = [];
  const served = serve({
    read: (inode, buffer, offset, length, position) => {
      asked.push([inode, length, position]);
      return (buffer as Buffer).write("abc", offset);
    },
  });
  const answer = served.send(Opcode.READ, { nodeid: 7 }, encode(fuse_read_in, { offset: 5_000_000_000, size: 4096 }))!;
  expect(asked).toEqual([[file, 4096, 5_000_000_000]]);
  expect([answer.length, answer.body.toString()]).toEqual([19, "abc"]);
});

test("READ never asks for more than a reply holds", () => {
  let asked = 0;
  serve({ read: (_inode, _buffer, _offset, length) => { asked = length; return 0; } })
    .send(Opcode.READ, { nodeid: 7 }, encode(fuse_read_in, { size: 0xffff_ffff }));
  expect(asked).toBe(1024 * 1024);
});

test("WRITE hands the data over where it stands", () => {
  const asked: unknown[] = [];
  const served = serve({
    write: (inode, buffer, offset, length, position, isWriteback) => {
      asked.push([inode, Buffer.from(buffer.subarray(offset, offset + length)).toString(), position, isWriteback]);
      return length;
    },
  });
  const answer = served.send(Opcode.WRITE, { nodeid: 7 }, encode(fuse_write_in, { offset: 9, size: 5, write_flags: FUSE_WRITE_CACHE }), Buffer.from("hello"))!;
  expect(asked).toEqual([[file, "hello", 9, true]]);
  expect([answer.body.length, answer.u32(fuse_write_out.size)]).toEqual([fuse_write_out.sizeof, 5]);
});

test("what the kernel writes back is written whole, piece by piece, or is an error, as it does not look at a short answer", async () => {
  const asked: unknown[] = [];
  const answersTo = async (pieces: number[], write_flags: number): Promise<number[]> => {
    const served = serve({
      write: (_inode, buffer, offset, length, position) => {
        asked.push([Buffer.from(buffer.subarray(offset, offset + length)).toString(), position]);
        return pieces.shift()!;
      },
    });
    served.send(Opcode.WRITE, { nodeid: 7 }, encode(fuse_write_in, { offset: 9, size: 5, write_flags }), Buffer.from("hello"));
    await settleAll();
    const [answer] = served.device.messages;
    return [answer!.error, answer!.error === 0 ? answer!.u32(fuse_write_out.size) : 0, ...served.device.offThread.map((notice) => Number(notice.u64(fuse_notify_inval_inode_out.off)))];
  };
  expect(await answersTo([2, 3], FUSE_WRITE_CACHE)).toEqual([0, 5]);
  expect(asked.splice(0)).toEqual([["hello", 9], ["llo", 11]]);
  expect(await answersTo([2, -E.EIO], FUSE_WRITE_CACHE)).toEqual([-E.EIO, 0, 11]);
  expect(await answersTo([2, 0], FUSE_WRITE_CACHE)).toEqual([-E.EIO, 0, 11]);
  expect(asked.splice(0).length).toBe(4);
  // What is tried again goes on where it stopped.
  expect(await answersTo([2, -E.ENOSPC, 2, -E.ENOSPC], FUSE_WRITE_CACHE)).toEqual([-E.ENOSPC, 0, 13]);
  expect(asked.splice(0)).toEqual([["hello", 9], ["llo", 11], ["llo", 11], ["o", 13]]);
  expect(await answersTo([2, -E.EDQUOT, 3], FUSE_WRITE_CACHE)).toEqual([0, 5]);
  expect(await answersTo([2], 0)).toEqual([0, 2]);
});

test("what the kernel wrote back in vain is dropped from its cache", () => {
  const served = serve({ write: () => -E.EIO });
  const write = (write_flags: number): number =>
    served.send(Opcode.WRITE, { nodeid: 7 }, encode(fuse_write_in, { offset: 8192, size: 1, write_flags }), Buffer.from("x"))!.error;
  expect(write(0)).toBe(-E.EIO);
  expect(served.device.offThread).toEqual([]);
  expect(write(FUSE_WRITE_CACHE)).toBe(-E.EIO);
  expect(served.device.offThread).toHaveLength(1);
  expect(served.device.offThread[0]!.u64(fuse_notify_inval_inode_out.off)).toBe(8192n);
});

test("a WRITE that has to kill setuid does so first, and takes the mode back from the kernel before the answer", () => {
  const acts: string[] = [];
  const served = serve({
    getattr: setuid,
    setattr: (_, change) => { acts.push(JSON.stringify(change)); return 0; },
    write: (_inode, _buffer, _offset, length) => { acts.push("write"); return length; },
  });
  served.send(Opcode.WRITE, { nodeid: 7 }, encode(fuse_write_in, { size: 1, write_flags: FUSE_WRITE_KILL_SUIDGID }), Buffer.from("x"));
  expect(acts).toEqual(['{"killPrivileges":true}', "write"]);
  const [notice, answer] = served.device.messages;
  expect([notice!.unique, notice!.error]).toEqual([0n, FUSE_NOTIFY_INVAL_INODE]);
  expect(notice!.u64(fuse_notify_inval_inode_out.ino)).toBe(7n);
  expect(notice!.i64(fuse_notify_inval_inode_out.off)).toBe(-1n);
  expect(answer!.unique).toBe(2n);
});

test("nothing is killed where there is nothing: no setuid, or setgid without group execute for one of the group", () => {
  for (const mode of [0o755, 0o2745]) {
    const served = serve({ getattr: (_, stat) => fill(stat, 1n, { Mode: S_IFREG | mode, Gid: process.getegid!() }), write: () => 1 });
    expect(served.send(Opcode.WRITE, { nodeid: 7, pid: process.pid }, encode(fuse_write_in, { size: 1, write_flags: FUSE_WRITE_KILL_SUIDGID }), Buffer.from("x"))!.error).toBe(0);
  }
});

test("FALLOCATE and COPY_FILE_RANGE kill setuid too, unless the process that asks has CAP_FSETID", () => {
  const killed: unknown[] = [];
  const served = serve({ getattr: setuid, setattr: (_, change) => { killed.push(change); return 0; }, fallocate: () => 0, copyFileRange: () => 1 });
  const change = (pid: number): void => {
    // The header's uid says nothing: with FUSE_ALLOW_IDMAP it is invalid in these requests.
    served.send(Opcode.FALLOCATE, { nodeid: 7, uid: 0xffff_ffff, pid }, encode(fuse_fallocate_in, { length: 1 }));
    served.send(Opcode.COPY_FILE_RANGE, { nodeid: 8, uid: 0xffff_ffff, pid }, encode(fuse_copy_file_range_in, { nodeid_out: 7, len: 1 }));
  };
  if (process.geteuid!() === 0) change(process.pid);
  expect(killed).toEqual([]);
  change(0);
  expect(killed).toEqual([{ killPrivileges: true }, { killPrivileges: true }]);
});

test("FALLOCATE passes mode, offset and length on", () => {
  const asked: unknown[] = [];
  serve({ getattr: plain, fallocate: (...words) => { asked.push(words); return 0; } })
    .send(Opcode.FALLOCATE, { nodeid: 7 }, encode(fuse_fallocate_in, { offset: 10, length: 20, mode: 3 }));
  expect(asked).toEqual([[file, 3, 10, 20]]);
});

test("COPY_FILE_RANGE copies a part at most, and answers how much; the 64-bit one in its own form", () => {
  const asked: unknown[] = [];
  const served = serve({ getattr: plain, copyFileRange: (...words) => { asked.push(words); return words[4]; } });
  const words = encode(fuse_copy_file_range_in, { off_in: 1, nodeid_out: 7, off_out: 2, len: 5_000_000_000 });
  expect(served.send(Opcode.COPY_FILE_RANGE, { nodeid: 8 }, words)!.u32(fuse_write_out.size)).toBe(16 * 1024 * 1024);
  expect(served.send(Opcode.COPY_FILE_RANGE_64, { nodeid: 8 }, words)!.u64(fuse_copy_file_range_out.bytes_copied)).toBe(16n * 1024n * 1024n);
  expect(asked[0]).toEqual([directory, 1, file, 2, 16 * 1024 * 1024]);
  expect(served.send(Opcode.COPY_FILE_RANGE, { nodeid: 8 }, encode(fuse_copy_file_range_in, { nodeid_out: 7, flags: 1 }))!.error).toBe(-E.EINVAL);
  expect(served.send(Opcode.COPY_FILE_RANGE, { nodeid: 8 }, encode(fuse_copy_file_range_in, { nodeid_out: 99 }))!.error).toBe(-E.ESTALE);
});

test("FSYNC is answered when the data is on disk, and meanwhile others are", async () => {
  let finish: (outcome: number) => void = () => undefined;
  const asked: unknown[] = [];
  const served = serve({
    fsync: (...words) => { asked.push(words); return new Promise((resolve) => { finish = resolve; }); },
    unlink: () => 0,
  });
  expect(served.send(Opcode.FSYNC, { nodeid: 7, unique: 10 }, encode(fuse_fsync_in, { fsync_flags: FUSE_FSYNC_FDATASYNC }))).toBeUndefined();
  expect(served.send(Opcode.UNLINK, { unique: 12 }, Buffer.from("x\0"))!.unique).toBe(12n);
  finish(-E.EIO);
  await settle();
  expect(asked).toEqual([[file, true]]);
  expect([served.device.messages.at(-1)!.unique, served.device.messages.at(-1)!.error]).toEqual([10n, -E.EIO]);
});

test("FSYNC with nothing to do is answered at once; one that is rejected is EIO", async () => {
  expect(serve({ fsync: () => 0 }).send(Opcode.FSYNC, { nodeid: 7 }, encode(fuse_fsync_in, {}))!.error).toBe(0);
  const served = serve({ fsync: () => Promise.reject(new Error("a fault")) });
  served.send(Opcode.FSYNC, { nodeid: 7 }, encode(fuse_fsync_in, {}));
  await settle();
  expect(served.device.messages[0]!.error).toBe(-E.EIO);
});

test("LSEEK without a writeback cache is answered at once", () => {
  const answer = serve({ lseek: (_, offset) => offset + 1 }).send(Opcode.LSEEK, { nodeid: 7 }, encode(fuse_lseek_in, { offset: 41, whence: SEEK_DATA }))!;
  expect(answer.u64(fuse_lseek_out.offset)).toBe(42n);
});

test("LSEEK with a writeback cache has the kernel write back first; each gets its own answer", async () => {
  const served = serve({ lseek: (_, offset) => offset + 1 });
  initialize(served);
  const before = served.device.messages.length;
  served.send(Opcode.LSEEK, { nodeid: 7, unique: 20 }, encode(fuse_lseek_in, { offset: 1, whence: SEEK_DATA }));
  served.send(Opcode.LSEEK, { nodeid: 7, unique: 22 }, encode(fuse_lseek_in, { offset: 100, whence: SEEK_DATA }));
  expect(served.device.messages).toHaveLength(before);
  expect(served.device.offThread.map((notice) => notice.u64(fuse_notify_inval_inode_out.off))).toEqual([1n, 100n]);
  await settle();
  expect(served.device.messages.slice(before).map((answer) => [answer.unique, answer.u64(fuse_lseek_out.offset)])).toEqual([[20n, 2n], [22n, 101n]]);
});
