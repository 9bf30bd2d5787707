import { expect, test } from "vitest";
import type { Inode } from "../../src/engine/inode.js";
import { FOPEN_KEEP_CACHE, Opcode } from "../../src/fuse/protocol.js";
import {
  fuse_attr, fuse_batch_forget_in, fuse_create_in, fuse_entry_out, fuse_forget_in, fuse_forget_one, fuse_link_in,
  fuse_mkdir_in, fuse_mknod_in, fuse_open_out, fuse_rename2_in, fuse_rename_in,
} from "../../src/fuse/structs.js";
import { RENAME_EXCHANGE, RENAME_NOREPLACE } from "../../src/sys/constants.js";
import { E, fail } from "../../src/sys/errno.js";
import { S_IFCHR, S_IFDIR, S_IFREG, type Stat } from "../../src/sys/stat.js";
import { directory, encode, file, fill, named, root, serve } from "./fixture.js";

const LARGE_INODE_NUMBER = 0xfedc_ba98_7654_3210n;
const getattr = (_: Inode, stat: Stat): number => fill(stat, LARGE_INODE_NUMBER, { Mode: S_IFREG | 0o644, Nlink: 1, Size: 5_000_000_000, MtimeSec: -1, MtimeNsec: 9 });

test("LOOKUP answers an entry for good, with all 64 bits of the inode number", () => {
  const asked: unknown[] = [];
  const answer = serve({ getattr, lookup: (...words) => { asked.push(words); return file; } }).send(Opcode.LOOKUP, {}, named("caf\xe9"))!;
  expect(asked).toEqual([[root, "caf\xe9"]]);
  expect(answer.body).toHaveLength(fuse_entry_out.sizeof);
  expect(answer.u64(fuse_entry_out.nodeid)).toBe(7n);
  expect(answer.u64(fuse_entry_out.generation)).toBeGreaterThan(0n);
  expect(answer.u64(fuse_entry_out.entry_valid)).toBeGreaterThan(1_000_000_000n);
  expect(answer.u64(fuse_entry_out.attr_valid)).toBeGreaterThan(1_000_000_000n);
  expect(answer.u64(fuse_entry_out.attr + fuse_attr.ino)).toBe(LARGE_INODE_NUMBER);
  expect(answer.u64(fuse_entry_out.attr + fuse_attr.size)).toBe(5_000_000_000n);
  expect(answer.i64(fuse_entry_out.attr + fuse_attr.mtime)).toBe(-1n);
  expect(answer.u32(fuse_entry_out.attr + fuse_attr.mode)).toBe(S_IFREG | 0o644);
});

test("LOOKUP of a missing name answers an entry without a nodeid, for good", () => {
  const answer = serve({ lookup: () => fail(E.ENOENT) }).send(Opcode.LOOKUP, {}, named("x"))!;
  expect([answer.error, answer.u64(fuse_entry_out.nodeid)]).toEqual([0, 0n]);
  expect(answer.u64(fuse_entry_out.entry_valid)).toBeGreaterThan(1_000_000_000n);
});

test("LOOKUP that fails otherwise answers why", () => {
  expect(serve({ lookup: () => fail(E.EACCES) }).send(Opcode.LOOKUP, {}, named("x"))!.error).toBe(-E.EACCES);
});

test("a reference is given back when the kernel is not told of it", () => {
  const forgotten: unknown[] = [];
  const served = serve({ link: () => file, getattr: () => -E.EIO, forget: (...words) => void forgotten.push(words) });
  expect(served.send(Opcode.LINK, {}, encode(fuse_link_in, { oldnodeid: 7 }), named("x"))!.error).toBe(-E.EIO);
  expect(forgotten).toEqual([[file, 1]]);
});

test("FORGET and BATCH_FORGET give back as many references as they say, and skip who is unknown", () => {
  const forgotten: unknown[] = [];
  const served = serve({ forget: (...words) => void forgotten.push(words) });
  served.send(Opcode.FORGET, { nodeid: 7 }, encode(fuse_forget_in, { nlookup: 3 }));
  served.send(Opcode.BATCH_FORGET, {}, encode(fuse_batch_forget_in, { count: 3 }),
    encode(fuse_forget_one, { nodeid: 8, nlookup: 1 }), encode(fuse_forget_one, { nodeid: 99, nlookup: 1 }),
    encode(fuse_forget_one, { nodeid: 7, nlookup: 2 }));
  expect(forgotten).toEqual([[file, 3], [directory, 1], [file, 2]]);
  expect(served.device.messages).toEqual([]);
});

test("CREATE is not there: MKNOD makes files, and spares the RELEASE", () => {
  const body = [encode(fuse_create_in, { flags: 0x241, mode: S_IFREG | 0o644 }), named("x")] as const;
  expect(serve({ create: () => file }).send(Opcode.CREATE, {}, ...body)!.error).toBe(-E.ENOSYS);
});

test("where opens are told, CREATE hands over mode, caller and umask and answers an entry and an open file", () => {
  const asked: unknown[] = [];
  const served = serve({ create: (...words) => { asked.push(words); return file; } }, { copyUpAtOpen: true });
  const answer = served.send(Opcode.CREATE, { uid: 1000, gid: 100 },
    encode(fuse_create_in, { flags: 0x241, mode: S_IFREG | 0o4755, umask: 0o22 }), named("x"))!;
  expect(asked).toEqual([[root, "x", 0o4755, { uid: 1000, gid: 100, umask: 0o22 }, served.adapter.stat]]);
  expect(answer.body).toHaveLength(fuse_entry_out.sizeof + fuse_open_out.sizeof);
  expect(answer.u64(fuse_entry_out.sizeof + fuse_open_out.fh)).toBe(0n);
  expect(answer.u32(fuse_entry_out.sizeof + fuse_open_out.open_flags)).toBe(FOPEN_KEEP_CACHE);
});

test("TMPFILE is CREATE without a name", () => {
  const asked: unknown[] = [];
  const served = serve({ tmpfile: (...words) => { asked.push(words); return file; } });
  const answer = served.send(Opcode.TMPFILE, {}, encode(fuse_create_in, { mode: S_IFREG | 0o600, umask: 0o77 }), named("#7"))!;
  expect(asked).toEqual([[root, 0o600, { uid: 0, gid: 0, umask: 0o77 }, served.adapter.stat]]);
  expect(answer.body).toHaveLength(fuse_entry_out.sizeof + fuse_open_out.sizeof);
});

test("what is made is answered with the attributes that the engine filled in", () => {
  const answer = serve({ mknod: (...words) => { getattr(file, words[6]!); return file; } })
    .send(Opcode.MKNOD, {}, encode(fuse_mknod_in, { mode: S_IFREG | 0o644 }), named("x"))!;
  expect(answer.u64(fuse_entry_out.nodeid)).toBe(7n);
  expect(answer.u64(fuse_entry_out.attr + fuse_attr.ino)).toBe(LARGE_INODE_NUMBER);
  expect(answer.u64(fuse_entry_out.attr + fuse_attr.size)).toBe(5_000_000_000n);
});

test("MKNOD takes a device number apart as new_decode_dev does", () => {
  const asked: unknown[] = [];
  const served = serve({ mknod: (...words) => { asked.push(words); return file; } });
  const [major, minor] = [0xabc, 0xfedcb];
  const rdev = (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12);
  served.send(Opcode.MKNOD, {}, encode(fuse_mknod_in, { mode: S_IFCHR | 0o600, rdev: rdev >>> 0 }), named("x"));
  expect(asked).toEqual([[root, "x", S_IFCHR | 0o600, major, minor, { uid: 0, gid: 0, umask: 0 }, served.adapter.stat]]);
});

test("a device number is put together again in an entry", () => {
  const served = serve({ lookup: () => file, getattr: (_, stat) => fill(stat, 1n, { Mode: S_IFCHR, RdevMajor: 0xabc, RdevMinor: 0xfedcb }) });
  const rdev = served.send(Opcode.LOOKUP, {}, named("x"))!.u32(fuse_entry_out.attr + fuse_attr.rdev);
  expect(rdev).toBe(0xfedabccb);
});

test("MKDIR, SYMLINK, LINK", () => {
  const asked: unknown[] = [];
  const served = serve({
    getattr: (_, stat) => fill(stat, 1n, { Mode: S_IFDIR }),
    mkdir: (...words) => { asked.push(["mkdir", ...words]); return directory; },
    symlink: (...words) => { asked.push(["symlink", ...words]); return file; },
    link: (...words) => { asked.push(["link", ...words]); return file; },
  });
  served.send(Opcode.MKDIR, {}, encode(fuse_mkdir_in, { mode: 0o755, umask: 0o22 }), named("d"));
  served.send(Opcode.SYMLINK, {}, named("s"), named("to/there"));
  served.send(Opcode.LINK, { nodeid: 8 }, encode(fuse_link_in, { oldnodeid: 7 }), named("l"));
  expect(asked).toEqual([
    ["mkdir", root, "d", 0o755, { uid: 0, gid: 0, umask: 0o22 }, served.adapter.stat],
    ["symlink", root, "s", "to/there", { uid: 0, gid: 0, umask: 0 }, served.adapter.stat],
    ["link", file, directory, "l"],
  ]);
  expect(served.send(Opcode.LINK, { nodeid: 8 }, encode(fuse_link_in, { oldnodeid: 99 }), named("l"))!.error).toBe(-E.ESTALE);
});

test("RENAME and RENAME2 find both names, and leave no reference of their own", () => {
  const asked: unknown[] = [];
  let references = 0;
  const served = serve({
    lookup: () => { references += 1; return file; },
    forget: (_, count) => { references -= count; },
    rename: (...words) => { asked.push(words); return 0; },
  });
  served.send(Opcode.RENAME, {}, encode(fuse_rename_in, { newdir: 8 }), named("old"), named("new"));
  served.send(Opcode.RENAME2, {}, encode(fuse_rename2_in, { newdir: 8, flags: RENAME_NOREPLACE }), named("old"), named("new"));
  served.send(Opcode.RENAME2, {}, encode(fuse_rename2_in, { newdir: 8, flags: RENAME_EXCHANGE }), named("old"), named("new"));
  expect(asked).toEqual([0, RENAME_NOREPLACE, RENAME_EXCHANGE].map((flags) => [root, "old", directory, "new", flags]));
  expect(references).toBe(0);
});
