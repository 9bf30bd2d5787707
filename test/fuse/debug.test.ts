import { expect, test } from "vitest";
import { DEFERRED } from "../../src/fuse/adapter.js";
import { describeOutcome, describeRequest } from "../../src/fuse/debug.js";
import { Opcode } from "../../src/fuse/protocol.js";
import { fuse_setxattr_in, fuse_write_in } from "../../src/fuse/structs.js";
import { E } from "../../src/sys/errno.js";
import { encode, encodeRequest, named } from "./fixture.js";

test("a request is shown with whom it is about, its members and its name", () => {
  expect(describeRequest(encodeRequest(Opcode.LOOKUP, { unique: 12, nodeid: 1, uid: 1000 }, named("etc")))).toBe('LOOKUP #12 node 1 uid 1000 "etc"');
  const words = describeRequest(encodeRequest(Opcode.WRITE, { nodeid: 7 }, encode(fuse_write_in, { offset: 4096, size: 3 }), Buffer.from("abc")));
  expect(words).toMatch(/^WRITE #2 node 7 uid 0 fh 0 offset 4096 size 3 /);
});

test("a request that is malformed or unknown is shown as far as it goes", () => {
  expect(describeRequest(encodeRequest(Opcode.LOOKUP, {}, Buffer.from("etc")))).toContain("without a name");
  expect(describeRequest(encodeRequest(Opcode.SETXATTR, {}, encode(fuse_setxattr_in, { size: 1 }), Buffer.from("x")))).toContain("without a name");
  expect(describeRequest(encodeRequest(Opcode.WRITE, {}))).toBe("WRITE #2 node 1 uid 0");
  expect(describeRequest(encodeRequest(Opcode.OPEN, {}))).toContain("OPEN");
  expect(describeRequest(encodeRequest(4711, {}))).toContain("opcode 4711");
});

test("an outcome is shown as an errno or a length", () => {
  expect([-E.ENOENT, 0, 144, DEFERRED].map(describeOutcome)).toEqual(["ENOENT", "0 bytes", "144 bytes", "no answer now"]);
});
