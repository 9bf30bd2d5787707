/** The connection over a socket in place of /dev/fuse, which is read and written alike. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { Connection } from "../../src/fuse/connection.js";
import { Opcode } from "../../src/fuse/protocol.js";
import type { Request } from "../../src/fuse/request.js";
import { E } from "../../src/sys/errno.js";
import { native } from "../../src/sys/native.js";
import { encodeRequest, named, settle } from "./fixture.js";

const log = { warn: () => undefined, info: () => undefined };
let connection: Connection;
let kernel: number;

beforeEach(() => {
  const pair = native.socketpair();
  if (typeof pair === "number") throw new Error("no socketpair");
  connection = Connection.adopt(pair[0], log);
  kernel = pair[1];
  native.setNonblocking(kernel);
});

afterEach(async () => {
  connection.close();
  await connection.done;
  native.close(kernel);
});

/** What arrived at the other end; empty if nothing did. */
function arrived(): Buffer {
  const buffer = Buffer.alloc(256);
  const length = native.read(kernel, buffer);
  return buffer.subarray(0, Math.max(length, 0));
}

test("a request that arrives is served, and the answer goes back", async () => {
  const served = new Promise<number>((resolve) => {
    connection.start((request: Request) => resolve(request.opcode));
  });
  const { buffer, length } = encodeRequest(Opcode.LOOKUP, {}, named("etc"));
  native.write(kernel, buffer, length);
  expect(await served).toBe(Opcode.LOOKUP);
  expect(connection.write(Buffer.from("answer"), 6)).toBe(6);
  expect(arrived().toString()).toBe("answer");
});

test("large requests that never end leave the event loop a turn after 4 MiB of them", async () => {
  const { buffer, length } = encodeRequest(Opcode.WRITE, {}, Buffer.alloc(96 * 1024));
  let served = 0;
  let turns = 0;
  const end = new Promise<void>((resolve) => {
    connection.start((request: Request) => {
      expect(request.length).toBe(length);
      served++;
      if (turns === 0) native.write(kernel, buffer, length);
      else resolve();
    });
  });
  native.write(kernel, buffer, length);
  // Runs as soon as the first request is served, but for those that follow it without a turn.
  setImmediate(function turn() {
    if (served === 0) setImmediate(turn);
    else turns++;
  });
  await end;
  expect(served * length).toBeLessThan(5 * 1024 * 1024);
});

test("who is called back when the connection has caught up finds the requests served that were there", async () => {
  const { buffer, length } = encodeRequest(Opcode.LOOKUP, {}, named("etc"));
  let served = 0;
  connection.start(() => {
    served++;
    if (served < 100) native.write(kernel, buffer, length);
  });
  native.write(kernel, buffer, length);
  expect(await new Promise<number>((resolve) => connection.whenCaughtUp(() => resolve(served)))).toBe(100);
});

test("once closed nobody is called back", async () => {
  connection.start(() => undefined);
  let called = false;
  connection.whenCaughtUp(() => { called = true; });
  connection.close();
  await settle();
  expect(called).toBe(false);
});

test("writes off the thread arrive one after the other", async () => {
  connection.start(() => undefined);
  void connection.writeOffThread(Buffer.from("one "), "files");
  await connection.writeOffThread(Buffer.from("two"), "files");
  expect(arrived().toString()).toBe("one two");
});

test("once closed nothing is written: the descriptor may be another file's by now", async () => {
  connection.start(() => undefined);
  connection.close();
  await connection.done;
  await settle();
  expect(connection.write(Buffer.from("late"), 4)).toBe(-E.ENODEV);
  await connection.writeOffThread(Buffer.from("late"), "listings");
  expect(arrived()).toHaveLength(0);
});
