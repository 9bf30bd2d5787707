/** Copies made ahead of a client that walks a tree. */
import { readFileSync, statSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Inode } from "../../src/engine/inode.js";
import type { Listing } from "../../src/engine/listing.js";
import { bytes, type Bytes } from "../../src/sys/bytes.js";
import { isErrno } from "../../src/sys/errno.js";
import { native } from "../../src/sys/native.js";
import { Fixture, isRoot } from "./fixture.js";
import { haltPatience, watchCopies } from "./watched-copies.js";

const FILES = 4;
const PATIENCE = 4500;

describe.runIf(isRoot)("copying ahead of a walk", () => {
  let overlay: Fixture;
  /** Files copied ahead, batch by batch. */
  let batches: number[];
  /** All that were met, each looked up once, and their paths. */
  let met: Map<Inode, string>;

  beforeEach(() => {
    haltPatience();
    overlay = new Fixture();
    ({ batches } = watchCopies());
    met = new Map();
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    overlay.close();
  });

  const copied = (): number => batches.reduce((sum, count) => sum + count, 0);

  function fill(path: string): void {
    for (let i = 0; i < FILES; i++) overlay.file(i % 2 ? "lower1" : "lower2", `${path}/file ${i}`, `${path} ${i}`);
  }

  async function change(parent: Inode, name: Bytes, path: string): Promise<void> {
    const inode = overlay.engine.lookup(parent, name);
    if (isErrno(inode)) return;
    met.set(inode, path);
    await overlay.engine.stage(inode, { mode: 0o600 });
    expect(overlay.engine.setattr(inode, { mode: 0o600 })).toBe(0);
    overlay.engine.answered();
  }

  /** As fts(3): the files of a directory, and of those in it where `goesDown`; what has gone meanwhile is passed over. */
  async function walk(path: string, goesDown = true, each: (path: string) => void = () => undefined): Promise<void> {
    const directory = overlay.find(path);
    if (isErrno(directory)) return;
    met.set(directory, path);
    const listing = overlay.engine.readdir(directory);
    if (isErrno(listing)) throw new Error(path);
    const names = listing.entries.map(({ name }) => name).filter((name) => !/^\.\.?$/.test(name));
    overlay.engine.releaseListing(directory);
    for (const name of names) {
      const below = `${path}/${name}`;
      if (!name.startsWith("file")) {
        if (goesDown) await walk(below, true, each);
        continue;
      }
      await change(directory, name, below);
      each(below);
    }
  }

  /** What nobody has asked for is gone. */
  async function beLate(): Promise<void> {
    while (vi.getTimerCount() > 0) {
      vi.advanceTimersByTime(PATIENCE);
      await setImmediate();
    }
  }

  /** `inWork` is what may be left in the work directory: the whiteout that others are links of. */
  function expectAllChanged(inWork = 0): void {
    for (const [inode, path] of met) {
      if (inode.isDirectory) continue;
      expect(statSync(overlay.path("upper", path)).mode, path).toBe(0o100600);
      expect(readFileSync(overlay.path("upper", path), "utf8")).toBe(path.replace("/file", ""));
    }
    expect(overlay.workContent().length).toBeLessThanOrEqual(inWork);
    expect(overlay.warnings).toEqual([]);
  }

  test("goes on from one directory to the next, down and up, and holds nothing in the end", async () => {
    const names = ["a", "b", "c", "d", "e", "f"];
    for (const name of names) for (const place of ["", "/deep", "/deep/deeper"]) fill(`tree/${name}${place}`);
    const fsyncs = vi.spyOn(native, "fsync");
    await walk("tree");
    const files = names.length * 3 * FILES;
    expect(copied() + fsyncs.mock.calls.length).toBe(files);
    expect(fsyncs.mock.calls.length).toBeLessThanOrEqual(8);
    await beLate();
    for (const [inode, path] of met) {
      if (inode.isDirectory) expect([path, inode.listing]).toEqual([path, null]);
      else expect([path, inode.references, inode.staged]).toEqual([path, 1, null]);
    }
  });

  test("stays in a directory where nothing says that the client goes further", async () => {
    for (const name of ["a", "b", "c"]) fill(`tree/${name}`);
    await walk("tree/b");
    expect(copied()).toBe(FILES - 2);
    expectAllChanged();
  });

  test("what was copied in subdirectories that the client passes over goes, and after some such walks it is not done again", async () => {
    const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    for (const name of names) for (const place of ["", "/sub", "/other", "/more"]) fill(`tree/${name}${place}`);
    const vain: number[] = [];
    for (const name of names) {
      const before = copied();
      await walk(`tree/${name}`, false);
      await beLate();
      vain.push(Math.max(0, copied() - before - FILES + 2));
      for (const sub of ["sub", "other", "more"]) expect(overlay.inUpper(`tree/${name}/${sub}`)).toBe("absent");
    }
    expectAllChanged();
    expect(vain.filter((count) => count > 0).length).toBe(3);
    expect(vain.slice(-3)).toEqual([0, 0, 0]);
  });

  test("goes on beside what is renamed and removed", async () => {
    for (const name of ["a", "b", "c", "d", "e", "f", "g"]) for (const place of ["", "/deep"]) fill(`tree/${name}${place}`);
    overlay.open({ ...overlay.options, redirectDir: "on" });
    const { engine } = overlay;
    const tree = overlay.at("tree");
    const [, , , renamed, emptied, ...others] = (engine.readdir(tree) as Listing).entries.slice(2).map(({ name }) => name);
    let changes = 0;
    await walk("tree", true, () => {
      if (++changes !== 5 * FILES) return;
      expect(engine.rename(tree, renamed!, tree, bytes("moved"), 0)).toBe(0);
      expect(engine.unlink(overlay.at(`tree/${emptied!}`), bytes("file 1"))).toBe(0);
    });
    expect(others.length).toBe(2);
    expect(changes).toBe(6 * 2 * FILES - 1);
    expect(copied()).toBeGreaterThan(changes - 12);
    expectAllChanged(1);
    expect(overlay.inUpper(`tree/${emptied!}/file 1`)).toBe("whiteout");
    await beLate();
    expect(overlay.list(overlay.at("tree/moved")).length).toBe(FILES + 1);
    expect(overlay.inUpper("tree/moved/file 1")).toBe("absent");
  });
});
