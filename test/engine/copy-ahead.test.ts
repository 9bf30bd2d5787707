/** Copies that are made before they are asked for: the same in the upper as all others, and gone where nobody asks. */
import { chmodSync, chownSync, linkSync, readdirSync, readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { FileInode } from "../../src/engine/inode.js";
import { E } from "../../src/sys/errno.js";
import { native } from "../../src/sys/native.js";
import { Fixture, isRoot } from "./fixture.js";
import { haltPatience, watchCopies, type WatchedCopies } from "./watched-copies.js";

const COUNT = 24;
const nameOf = (i: number): string => `f${String(i).padStart(2, "0")}`;

describe.runIf(isRoot)("copying ahead", () => {
  let overlay: Fixture;
  /** Files copied ahead, batch by batch. */
  let copied: number[];
  let spy: WatchedCopies["spy"];

  beforeEach(() => {
    overlay = new Fixture();
    for (let i = 0; i < COUNT; i++) {
      overlay.file(i % 2 ? "lower1" : "lower2", `d/${nameOf(i)}`, `content ${i}`);
      const path = overlay.path(i % 2 ? "lower1" : "lower2", "d", nameOf(i));
      chownSync(path, 100 + i, 200 + i);
      chmodSync(path, 0o4711);
      utimesSync(path, 1000 + i, 2000 + i);
    }
    ({ batches: copied, spy } = watchCopies());
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    overlay.close();
  });

  function lowerOf(i: number): string {
    return overlay.path(i % 2 ? "lower1" : "lower2", "d", nameOf(i));
  }

  function fileAt(i: number): FileInode {
    return overlay.at(`d/${nameOf(i)}`) as FileInode;
  }

  /** As a mount serves a request that changes a file. */
  async function change(i: number, mode = 0o600): Promise<void> {
    const inode = fileAt(i);
    await overlay.engine.stage(inode, { mode });
    expect(overlay.engine.setattr(inode, { mode })).toBe(0);
    overlay.engine.answered();
  }

  async function changeAll(): Promise<void> {
    for (let i = 0; i < COUNT; i++) await change(i);
  }

  const openFiles = (): number => readdirSync("/proc/self/fd").length;

  const isCopied = ({ staged }: FileInode): boolean => typeof staged?.size === "number";

  /** Copies take as long as the disk takes to sync them. */
  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await setTimeout(5);
  }

  test("is done for files changed in a row, and what lies in the upper is what a copy-up leaves", async () => {
    haltPatience();
    const fsyncs = vi.spyOn(native, "fsync");
    await changeAll();
    expect(copied.reduce((sum, count) => sum + count, 0)).toBe(COUNT - 2);
    expect(fsyncs.mock.calls.length).toBe(2);
    for (let i = 0; i < COUNT; i++) {
      const upper = overlay.path("upper", "d", nameOf(i));
      expect(statSync(upper)).toMatchObject({ uid: 100 + i, gid: 200 + i, mode: 0o100600, atimeMs: (1000 + i) * 1000, mtimeMs: (2000 + i) * 1000 });
      expect(readFileSync(upper, "utf8")).toBe(`content ${i}`);
      expect(overlay.xattr(`upper/d/${nameOf(i)}`, "trusted.overlay.origin")).not.toBeNull();
      expect(overlay.stat(fileAt(i)).ino).toBe(statSync(lowerOf(i), { bigint: true }).ino);
      expect(statSync(lowerOf(i)).mode).toBe(0o104711);
    }
    expect(overlay.workContent()).toEqual([]);
  });

  test("carries a setuid bit over", async () => {
    await change(0, 0o4700);
    await change(1, 0o4700);
    await change(2, 0o4700);
    const inode = fileAt(3);
    await until(() => isCopied(inode));
    await overlay.engine.stage(inode);
    expect(overlay.engine.setattr(inode, { mtime: { sec: 5, nsec: 0 } })).toBe(0);
    expect(statSync(overlay.path("upper", "d", nameOf(3)))).toMatchObject({ mode: 0o104711, uid: 103, mtimeMs: 5000 });
  });

  test("what nobody asks for leaves no descriptor and nothing in the upper or the work directory", async () => {
    haltPatience();
    for (let i = 0; i < 2; i++) await change(i);
    const before = openFiles();
    for (let i = 2; i < 4; i++) await change(i);
    await until(() => isCopied(fileAt(5)));
    expect(fileAt(5).staged?.size).toBe("content 5".length);
    vi.advanceTimersByTime(4500);
    vi.useRealTimers();
    expect(fileAt(5).staged).toBeNull();
    expect(readdirSync(overlay.path("upper", "d"))).toEqual([0, 1, 2, 3].map(nameOf));
    expect(overlay.workContent()).toEqual([]);
    // The data of the two that were changed since is open.
    expect(openFiles() - before).toBeLessThanOrEqual(2);
  });

  test("is given back where somebody finds no room, also what is being made, and not done again", async () => {
    haltPatience();
    for (let i = 0; i < 2; i++) await change(i);
    const before = openFiles();
    for (let i = 2; i < 4; i++) await change(i);
    await until(() => isCopied(fileAt(5)));
    expect(await overlay.engine.freeRoom()).toBe(true);
    expect(openFiles() - before).toBeLessThanOrEqual(2);
    const batches = copied.length;
    for (let i = 4; i < COUNT; i++) await change(i);
    expect(copied.length).toBe(batches);
    expect(statSync(overlay.path("upper", "d", nameOf(5))).mode).toBe(0o100600);
    expect(await overlay.engine.freeRoom()).toBe(false);
    expect(overlay.workContent()).toEqual([]);
  });

  test("a file that is written, emptied or removed instead is what it would be anyway", async () => {
    for (let i = 0; i < 3; i++) await change(i);
    await until(() => [3, 4, 5].every((i) => isCopied(fileAt(i))));
    overlay.write(fileAt(3), "CON");
    expect(overlay.engine.setattr(fileAt(4), { size: 0 })).toBe(0);
    expect(overlay.engine.unlink(overlay.at("d"), "f05" as never)).toBe(0);
    expect(readFileSync(overlay.path("upper/d/f03"), "utf8")).toBe("CONtent 3");
    expect(readFileSync(overlay.path("upper/d/f04"), "utf8")).toBe("");
    expect(overlay.inUpper("d/f05")).toBe("whiteout");
    expect(overlay.workContent().length).toBeLessThanOrEqual(1);
  });

  test("a change that does not wait for a copy under way makes its own", async () => {
    for (let i = 0; i < 2; i++) await change(i);
    const inode = fileAt(2);
    expect(inode.staged?.size).toBeNull();
    expect(overlay.engine.setattr(inode, { mode: 0o640 })).toBe(0);
    expect(statSync(overlay.path("upper", "d", nameOf(2)))).toMatchObject({ mode: 0o100640, uid: 102 });
    await until(() => inode.staged === null);
    expect(inode.staged).toBeNull();
    expect(overlay.workContent()).toEqual([]);
  });

  test("files with xattrs, holes, several names, or nothing in them are copied when they are asked for, with all that", async () => {
    overlay.run("setfattr", "-n", "user.note", "-v", "kept", lowerOf(3));
    truncateSync(lowerOf(4), 100_000);
    linkSync(lowerOf(5), `${lowerOf(5)}-too`);
    writeFileSync(lowerOf(6), "");
    await changeAll();
    expect(overlay.xattr(`upper/d/${nameOf(3)}`, "user.note")).toBe("kept");
    expect(statSync(overlay.path("upper", "d", nameOf(4)))).toMatchObject({ size: 100_000, blocks: statSync(lowerOf(4)).blocks });
    expect(overlay.xattr(`upper/d/${nameOf(5)}`, "trusted.overlay.origin")).toBeNull();
    expect(statSync(overlay.path("upper", "d", nameOf(6)))).toMatchObject({ size: 0, uid: 106 });
  });

  test("is given up where it never succeeds, and the changes succeed all the same", async () => {
    spy.mockImplementation((_dirfd, count, files) => {
      for (let i = 0; i < count; i++) native.close(files[i * (files.length / 16)]!);
      copied.push(count);
      return Promise.resolve(Array<number>(count).fill(-E.EPERM));
    });
    await changeAll();
    // Two are made at a time, so another one is under way when the third has failed.
    expect(copied.length).toBe(4);
    for (let i = 0; i < COUNT; i++) expect(statSync(overlay.path("upper", "d", nameOf(i))).mode).toBe(0o100600);
  });

  test("a fault in it ends nothing", async () => {
    spy.mockImplementation(() => { throw new Error("no memory"); });
    await changeAll();
    expect(overlay.warnings.join()).toContain("not copied ahead: Error: no memory");
    expect(statSync(overlay.path("upper", "d", nameOf(COUNT - 1))).mode).toBe(0o100600);
  });

  test.each(["volatile", "off"] as const)("syncs nothing with fsync=%s", async (fsync) => {
    haltPatience();
    overlay.reopenWith({ ...overlay.options, fsync });
    const fsyncs = vi.spyOn(native, "fsync");
    await changeAll();
    expect(copied.reduce((sum, count) => sum + count, 0)).toBe(COUNT - 2);
    expect(spy.mock.calls.map((words) => words[6])).toEqual(copied.map(() => false));
    expect(fsyncs).not.toHaveBeenCalled();
  });

  test("is not done with fsync=strict", async () => {
    overlay.reopenWith({ ...overlay.options, fsync: "strict" });
    await changeAll();
    expect(copied).toEqual([]);
  });

  test("is told when it begins, once until there are no more", async () => {
    haltPatience();
    const begins = vi.fn();
    overlay.engine.onCopyingAhead = begins;
    await change(0);
    expect(begins).not.toHaveBeenCalled();
    for (let i = 1; i < 12; i++) await change(i);
    expect(begins).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(4500);
    for (let i = 12; i < 16; i++) await change(i);
    expect(begins).toHaveBeenCalledTimes(2);
  });

  test("an overlay that is closed meanwhile leaves no descriptor open", async () => {
    const before = openFiles();
    for (let i = 0; i < 2; i++) await change(i);
    overlay.reopen().close();
    await until(() => openFiles() <= before);
    expect(openFiles()).toBeLessThanOrEqual(before);
  });
});
