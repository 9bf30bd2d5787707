/** Copies made ahead of a client that changes the files of one name, in one directory after the other. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { FileInode } from "../../src/engine/inode.js";
import { Fixture, isRoot } from "./fixture.js";
import { haltPatience, watchCopies } from "./watched-copies.js";

const COUNT = 20;
const PATIENCE = 4500;
const directoryOf = (i: number): string => `d${String(i).padStart(2, "0")}`;

describe.runIf(isRoot)("copying ahead of files of one name", () => {
  let overlay: Fixture;
  /** Files copied ahead, batch by batch. */
  let batches: number[];

  beforeEach(() => {
    haltPatience();
    overlay = new Fixture();
    for (let i = 0; i < COUNT; i++) {
      for (const name of ["run", "test", "zero"]) overlay.file(i % 2 ? "lower1" : "lower2", `top/${directoryOf(i)}/${name}`, `${name} ${i}`);
    }
    ({ batches } = watchCopies());
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    overlay.close();
  });

  const copied = (): number => batches.reduce((sum, count) => sum + count, 0);
  const inUpper = (): string[] => readdirSync(overlay.path("upper/top")).sort();

  async function change(path: string): Promise<void> {
    const inode = overlay.at(path) as FileInode;
    await overlay.engine.stage(inode, { mode: 0o600 });
    expect(overlay.engine.setattr(inode, { mode: 0o600 })).toBe(0);
    overlay.engine.answered();
  }

  async function changeAll(name: string, from = 0, end = COUNT): Promise<void> {
    for (let i = from; i < end; i++) await change(`top/${directoryOf(i)}/${name}`);
  }

  function expectChanged(name: string): void {
    for (let i = 0; i < COUNT; i++) {
      const path = `top/${directoryOf(i)}/${name}`;
      expect(statSync(overlay.path("upper", path)).mode).toBe(0o100600);
      expect(readFileSync(overlay.path("upper", path), "utf8")).toBe(`${name} ${i}`);
      expect(statSync(overlay.path(i % 2 ? "lower1" : "lower2", path)).mode).toBe(0o100644);
    }
  }

  test("begins with the second, and copies up no directory before its file is asked for", async () => {
    await changeAll("run", 0, 2);
    await setImmediate();
    expect(copied()).toBe(4);
    expect(inUpper()).toEqual([0, 1].map(directoryOf));
    await changeAll("run", 2);
    expect(copied()).toBe(COUNT - 2);
    expectChanged("run");
    expect(overlay.workContent()).toEqual([]);
  });

  test("goes on with the next name in the first directory", async () => {
    await changeAll("run");
    const before = copied();
    await change(`top/${directoryOf(0)}/test`);
    await setImmediate();
    // Half as many as came before, and what follows in the first directory itself.
    expect(copied() - before).toBeGreaterThanOrEqual(Math.floor(COUNT / 2) - 1);
    await changeAll("test", 1);
    expect(copied() - before).toBeGreaterThanOrEqual(COUNT - 1);
    expectChanged("test");
  });

  test("passes over directories without such a file, and files that were changed before", async () => {
    overlay.directory("lower1", `top/${directoryOf(3)}a`);
    overlay.file("lower1", `top/${directoryOf(3)}b`, "no directory");
    for (const i of [5, 6]) await change(`top/${directoryOf(i)}/run`);
    vi.advanceTimersByTime(PATIENCE);
    const before = copied();
    for (let i = 0; i < COUNT; i++) if (i !== 5 && i !== 6) await change(`top/${directoryOf(i)}/run`);
    expect(copied() - before).toBe(COUNT - 4);
    expectChanged("run");
  });

  test("what nobody asks for goes, and so do the directories that were looked up for it", async () => {
    await changeAll("run", 0, 2);
    await setImmediate();
    expect(copied()).toBe(4);
    const while4 = overlay.engine.inodeCount;
    vi.advanceTimersByTime(PATIENCE);
    expect(while4 - overlay.engine.inodeCount).toBe(8);
    expect(overlay.workContent()).toEqual([]);
  });

  test("is not tried for ever where few follow", async () => {
    for (let i = 0; i + 1 < COUNT; i += 2) {
      for (const at of [i, i + 1]) overlay.file("lower1", `top/${directoryOf(at)}/ypair${i}`, "one of two");
    }
    for (let i = 0; i + 1 < COUNT; i += 2) {
      for (const at of [i, i + 1]) await change(`top/${directoryOf(at)}/ypair${i}`);
    }
    await setImmediate();
    expect(copied()).toBe(0);
    await changeAll("run", 0, 2);
    await setImmediate();
    expect(copied()).toBe(0);
  });
});
