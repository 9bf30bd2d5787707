import { expect, test } from "vitest";
import {
  FUSE_ALLOW_IDMAP_FLAG2, FUSE_HANDLE_KILLPRIV_V2, FUSE_INIT_EXT, FUSE_MAX_PAGES, FUSE_NO_OPEN_SUPPORT,
  FUSE_NO_OPENDIR_SUPPORT, FUSE_SETXATTR_EXT, FUSE_WRITEBACK_CACHE, Opcode,
} from "../../src/fuse/protocol.js";
import { fuse_init_in, fuse_init_out } from "../../src/fuse/structs.js";
import { E } from "../../src/sys/errno.js";
import { encode, initialize, serve } from "./fixture.js";

const ATOMIC_O_TRUNC = 1 << 3;
const EXPORT_SUPPORT = 1 << 4;
const AUTO_INVAL_DATA = 1 << 12;

test("INIT of the newest kernel is answered with the minor version that both know and what is wanted", () => {
  const served = serve({});
  const answer = initialize(served, 99)!;
  expect(answer.error).toBe(0);
  expect(answer.body).toHaveLength(fuse_init_out.sizeof);
  expect([answer.u32(fuse_init_out.major), answer.u32(fuse_init_out.minor)]).toEqual([7, 45]);
  const flags = answer.u32(fuse_init_out.flags);
  for (const flag of [
    FUSE_WRITEBACK_CACHE, FUSE_NO_OPEN_SUPPORT, FUSE_NO_OPENDIR_SUPPORT, FUSE_HANDLE_KILLPRIV_V2, FUSE_MAX_PAGES,
    FUSE_SETXATTR_EXT, FUSE_INIT_EXT,
  ]) expect(flags & flag).not.toBe(0);
  expect(flags & (ATOMIC_O_TRUNC | EXPORT_SUPPORT | AUTO_INVAL_DATA)).toBe(0);
  expect(answer.u32(fuse_init_out.flags2)).toBe(FUSE_ALLOW_IDMAP_FLAG2);
  expect(answer.u32(fuse_init_out.max_write)).toBe(1024 * 1024);
  expect([answer.u16(fuse_init_out.max_background), answer.u16(fuse_init_out.congestion_threshold)]).toEqual([65535, 65535]);
  expect(answer.u16(fuse_init_out.max_pages)).toBe(256);
  expect(answer.u32(fuse_init_out.time_gran)).toBe(1);
  expect(served.refusals).toEqual([null]);
  expect(served.adapter.writebackCache).toBe(true);
});

test("a read-only overlay has no writeback cache", () => {
  const served = serve({ readOnly: true });
  expect(initialize(served)!.u32(fuse_init_out.flags) & FUSE_WRITEBACK_CACHE).toBe(0);
  expect(served.adapter.writebackCache).toBe(false);
});

test("the short INIT of protocol 7.31 is understood and asked for nothing of flags2", () => {
  const answer = initialize(serve({}), 31)!;
  expect(answer.u32(fuse_init_out.minor)).toBe(31);
  expect(answer.u32(fuse_init_out.flags2)).toBe(0);
});

test("only what the kernel offers is asked for", () => {
  const served = serve({});
  const answer = served.send(Opcode.INIT, {}, encode(fuse_init_in, { major: 7, minor: 45, flags: FUSE_MAX_PAGES, flags2: 0xffff_ffff }))!;
  expect(answer.u32(fuse_init_out.flags)).toBe(FUSE_MAX_PAGES);
  expect(answer.u32(fuse_init_out.flags2)).toBe(0);
  expect(served.adapter.setxattrExtended).toBe(false);
});

test("a kernel that is too old is refused, with the remedy", () => {
  const served = serve({});
  expect(initialize(served, 30)!.error).toBe(-E.EPROTO);
  expect(served.refusals).toHaveLength(1);
  expect(served.refusals[0]).toContain("use a newer kernel");
});

test("a kernel of a later major version is told ours and sends another INIT", () => {
  const served = serve({});
  const answer = served.send(Opcode.INIT, {}, encode(fuse_init_in, { major: 8 }))!;
  expect([answer.error, answer.u32(fuse_init_out.major)]).toEqual([0, 7]);
  expect(served.refusals).toEqual([]);
});
