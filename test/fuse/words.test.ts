import { expect, test } from "vitest";
import { Request } from "../../src/fuse/request.js";
import { Reply } from "../../src/fuse/reply.js";
import { fuse_in_header, fuse_write_in } from "../../src/fuse/structs.js";
import { Words } from "../../src/fuse/words.js";
import { native } from "../../src/sys/native.js";

const PAGE = 4096;

test("what is to begin a page does, and all integers are read where they were written", () => {
  for (const paged of [0, 8, 16, 80, 4096, 5000]) {
    const words = new Words(6000, paged);
    expect(words.buffer).toHaveLength(6000);
    expect((native.placeInPage(words.buffer) + paged) % PAGE).toBe(0);
    words.setU64(5992, 0x1234_5678_9abc);
    words.setU16(5990, 7);
    expect([words.u64(5992), words.buffer.readUInt32LE(5992), words.u32(5988)]).toEqual([0x1234_5678_9abc, 0x5678_9abc, 7 << 16]);
  }
});

test("the data of a WRITE and that of an answer to READ stand in whole pages", () => {
  const request = new Request(3 * PAGE, true);
  request.length = 3 * PAGE;
  const data = request.data(fuse_write_in.sizeof, PAGE);
  expect(data).toBe(fuse_in_header.sizeof + fuse_write_in.sizeof);
  expect(native.placeInPage(request.buffer.subarray(data))).toBe(0);
  const reply = new Reply({ write: (_buffer, length) => length }, PAGE);
  expect(native.placeInPage(reply.buffer.subarray(reply.start))).toBe(0);
});
