import { expect, test } from "vitest";
import { Opcode } from "../../src/fuse/protocol.js";
import { fuse_interrupt_in, fuse_ioctl_in, fuse_write_in } from "../../src/fuse/structs.js";
import { E } from "../../src/sys/errno.js";
import { encode, named, serve } from "./fixture.js";

test.each([Opcode.OPEN, Opcode.OPENDIR, Opcode.FLUSH, Opcode.ACCESS, Opcode.POLL, Opcode.BMAP, 4711])(
  "opcode %i is answered ENOSYS", (opcode) => {
    const answer = serve({}).send(opcode, { unique: 6 }, Buffer.alloc(64))!;
    expect([answer.length, answer.error, answer.unique]).toEqual([16, -E.ENOSYS, 6n]);
  });

test("an ioctl that is not about the flags of chattr is answered ENOTTY", () => {
  expect(serve({}).send(Opcode.IOCTL, { nodeid: 7 }, encode(fuse_ioctl_in, { cmd: 0x5401 }))!.error).toBe(-E.ENOTTY);
});

test.each([Opcode.RELEASE, Opcode.RELEASEDIR, Opcode.DESTROY])("opcode %i has nothing to do and is answered", (opcode) => {
  const answer = serve({}).send(opcode, {}, Buffer.alloc(24))!;
  expect([answer.length, answer.error]).toEqual([16, 0]);
});

test("a nodeid that nobody knows is answered ESTALE", () => {
  expect(serve({}).send(Opcode.GETATTR, { nodeid: 4711 }, Buffer.alloc(16))!.error).toBe(-E.ESTALE);
});

test("what an operation throws is EIO to its caller, is logged, and others are served", () => {
  const served = serve({ rmdir: () => { throw new Error("a fault"); }, unlink: () => 0 });
  expect(served.send(Opcode.RMDIR, {}, named("x"))!.error).toBe(-E.EIO);
  expect(served.warnings).toHaveLength(1);
  expect(served.warnings[0]).toContain("RMDIR failed: Error: a fault");
  expect(served.send(Opcode.UNLINK, {}, named("x"))!.error).toBe(0);
});

test.each([
  ["shorter than its structure", Opcode.SETATTR, Buffer.alloc(8)],
  ["with a name that does not end", Opcode.LOOKUP, Buffer.from("etc")],
  ["with less data than it says", Opcode.WRITE, encode(fuse_write_in, { size: 100 })],
])("a request %s is answered EINVAL", (_, opcode, body) => {
  expect(serve({}).send(opcode, {}, body)!.error).toBe(-E.EINVAL);
});

test("FORGET is never answered, not even a malformed one", () => {
  const served = serve({});
  expect(served.send(Opcode.FORGET, {}, Buffer.alloc(2))).toBeUndefined();
  expect(served.send(Opcode.BATCH_FORGET, {}, Buffer.from([9, 0, 0, 0, 0, 0, 0, 0]))).toBeUndefined();
  expect(served.warnings).toHaveLength(2);
});

test("INTERRUPT of a request that does not wait is left alone", () => {
  expect(serve({}).send(Opcode.INTERRUPT, {}, encode(fuse_interrupt_in, { unique: 4 }))).toBeUndefined();
});
