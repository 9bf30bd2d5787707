import { expect, test } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { dispatch } from "../../src/fuse/dispatch.js";
import { Profile, type Kind } from "../../src/fuse/profile.js";
import { FuseProfiler } from "../../src/fuse/profiler.js";
import { profileTable } from "../../src/fuse/profile-table.js";
import { Opcode } from "../../src/fuse/protocol.js";
import {
  fuse_forget_in, fuse_fsync_in, fuse_getattr_in, fuse_interrupt_in, fuse_read_in, fuse_write_in, type Shape, type Struct,
} from "../../src/fuse/structs.js";
import { E } from "../../src/sys/errno.js";
import { S_IFREG } from "../../src/sys/stat.js";
import { directory, encode, encodeRequest, file, fill, serve, settle, type Served } from "./fixture.js";

/** A profile with a clock that each operation of the engine puts forward by some milliseconds. */
class Profiled {
  now = 100;
  readonly served: Served;
  readonly profile: Profile;

  constructor(methods: Partial<Engine>) {
    this.served = serve(methods, { repeat: (adapter, request) => void this.profile.serve(dispatch, adapter, request) });
    const { adapter } = this.served;
    this.profile = adapter.lateAnswers = new Profile(adapter.notifier.sent, () => this.now);
  }

  send<Members extends Record<string, Shape>>(opcode: number, unique: number, struct: Struct<Members>, values: Partial<Record<keyof Members, number>>, data = ""): void {
    this.profile.serve(dispatch, this.served.adapter, encodeRequest(opcode, { nodeid: file.id, unique }, encode(struct, values), Buffer.from(data)));
  }

  kind(opcode: number): Kind { return this.profile.kinds().find((kind) => kind.opcode === opcode)!; }
}

test("requests are counted and timed by kind, with errors and with the bytes that were moved", () => {
  const profiled: Profiled = new Profiled({
    read: () => { profiled.now += 2; return 5; },
    write: (_inode, _buffer, _offset, length) => { profiled.now += 1; return length; },
    getattr: () => -E.EIO,
  });
  for (const unique of [2, 4]) profiled.send(Opcode.READ, unique, fuse_read_in, { size: 100 });
  profiled.send(Opcode.WRITE, 6, fuse_write_in, { size: 3 }, "abc");
  profiled.send(Opcode.GETATTR, 8, fuse_getattr_in, {});
  const { profile } = profiled;
  expect(profile.kinds().map(({ opcode, requests, errors, served }) => [opcode, requests, errors, served.total])).toEqual([
    [Opcode.READ, 2, 0, 4000], [Opcode.WRITE, 1, 0, 1000], [Opcode.GETATTR, 1, 1, 0],
  ]);
  expect([profile.bytesRead, profile.bytesWritten, profile.duration]).toEqual([10, 3, 5]);
});

test("a request that is answered later is timed until then", async () => {
  let synced: (result: number) => void = () => undefined;
  const profiled = new Profiled({ fsync: () => new Promise((resolve) => { synced = resolve; }) });
  profiled.send(Opcode.FSYNC, 2, fuse_fsync_in, {});
  expect([profiled.profile.waiting, profiled.kind(Opcode.FSYNC).requests, profiled.kind(Opcode.FSYNC).waited.count]).toEqual([1, 1, 0]);
  profiled.now += 30;
  synced(-E.EIO);
  await settle();
  const { requests, errors, waited, served } = profiled.kind(Opcode.FSYNC);
  expect([profiled.profile.waiting, requests, errors, waited.total, served.total]).toEqual([0, 1, 1, 30_000, 0]);
});

test("one that waits for a long copy-up is one request, though it is served twice; interrupted, it has its answer", async () => {
  let copied: () => void = () => undefined;
  let staging: Promise<void> | null = new Promise((resolve) => { copied = resolve; });
  const profiled: Profiled = new Profiled({
    stage: () => staging,
    write: (_inode, _buffer, _offset, length) => { profiled.now += 1; return length; },
  });
  const { profile } = profiled;
  profiled.send(Opcode.WRITE, 2, fuse_write_in, { size: 1 }, "a");
  profiled.send(Opcode.WRITE, 4, fuse_write_in, { size: 1 }, "b");
  profiled.send(Opcode.INTERRUPT, 6, fuse_interrupt_in, { unique: 4 });
  profiled.now += 10;
  staging = null;
  copied();
  await settle();
  const { requests, errors, waited, served: times } = profiled.kind(Opcode.WRITE);
  expect([requests, errors, waited.count, waited.total, times.count]).toEqual([2, 1, 2, 11_000, 3]);
  expect([profile.waiting, profile.bytesWritten, profiled.kind(Opcode.INTERRUPT).requests]).toEqual([0, 1, 1]);
});

test("an answer that is held back until a listing is dropped is timed until it goes out", async () => {
  const profiled: Profiled = new Profiled({
    read: () => { profiled.served.adapter.drops.listingChanged(directory); return 0; },
  });
  profiled.send(Opcode.READ, 2, fuse_read_in, { size: 1 });
  profiled.now += 5;
  await settle();
  expect(profiled.kind(Opcode.READ).waited.total).toBe(5000);
  expect(profiled.profile.notifications).toEqual({ attributes: 0, data: 0, listings: 1, names: 0 });
});

test("what is never answered does not wait", () => {
  const profiled = new Profiled({ forget: () => undefined });
  profiled.send(Opcode.FORGET, 2, fuse_forget_in, { nlookup: 1 });
  expect([profiled.profile.waiting, profiled.kind(Opcode.FORGET).requests]).toEqual([0, 1]);
});

test("the table has a row for each kind, the costliest first, and names what the mount did", () => {
  const profiled: Profiled = new Profiled({ read: () => { profiled.now += 2; return 5; }, getattr: (_, stat) => fill(stat, 1n, { Mode: S_IFREG }) });
  profiled.send(Opcode.GETATTR, 2, fuse_getattr_in, {});
  profiled.send(Opcode.READ, 4, fuse_read_in, { size: 5 });
  profiled.served.adapter.notifier.attributesOfServedChanged(file);
  const [summary, heading, ...rows] = profileTable(profiled.profile);
  expect(summary).toMatch(/^0\.002 s: 2 requests, 2\.0 ms of serving, [\d.]+ ms of user and [\d.]+ ms of system time$/);
  expect(heading!.split(/ {2,}/)).toEqual(
    ["request", "count", "errors", "total ms", "mean us", "p50 us", "p99 us", "max us", "waited", "mean ms", "p99 ms", "max ms"]);
  expect(rows.slice(0, -1).map((row) => row.split(/ {2,}/).slice(0, 4))).toEqual([["READ", "1", "2.0", "2000.0"], ["GETATTR", "1", "0.0", "0.0"]]);
  expect(rows.at(-1)).toBe("5 bytes read, 0 bytes written; notifications: 1 of attributes, 0 of data, 0 of listings, 0 of names");
});

test("a profile begins from zero each time, and without one requests go where they go anyway", () => {
  const { adapter } = serve({ getattr: (_, stat) => fill(stat, 1n, { Mode: S_IFREG }) });
  const profiler = new FuseProfiler(adapter, dispatch);
  const getattr = (): void => { profiler.serve(adapter, encodeRequest(Opcode.GETATTR, { nodeid: 7 }, encode(fuse_getattr_in, {}))); };
  expect([profiler.serve, profiler.isOn, profiler.report()]).toEqual([dispatch, false, []]);
  for (let time = 0; time < 2; time += 1) {
    profiler.start();
    getattr();
    expect(profiler.report()[0]).toMatch(/: 1 requests, /);
  }
  profiler.stop();
  expect([profiler.serve, profiler.isOn, adapter.lateAnswers]).toEqual([dispatch, false, null]);
});
