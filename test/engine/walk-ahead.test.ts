import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { native } from "../../src/sys/native.js";
import { isErrno } from "../../src/sys/errno.js";
import type { Bytes } from "../../src/sys/bytes.js";
import type { Inode } from "../../src/engine/inode.js";
import { Fixture, isRoot } from "./fixture.js";

const COUNT = 40;

describe.runIf(isRoot)("a walk", () => {
  let overlay: Fixture;
  /** The names that were read ahead, call by call, and whether with data. */
  let asked: { names: string[]; withData: boolean }[];
  let nanoseconds: number;

  beforeEach(() => {
    overlay = new Fixture(1);
    for (let i = 0; i < COUNT; i++) overlay.file("lower1", `d${i}/f`, "x");
    overlay.open({ lower: overlay.options.lower });
    asked = [];
    nanoseconds = 50_000;
    vi.spyOn(native, "warmAsync").mockImplementation((_fd, names, withData) => {
      asked.push({ names: Buffer.from(names).toString().split("\0").filter((name) => name !== ""), withData });
      return Promise.resolve(nanoseconds);
    });
  });

  afterEach(() => {
    vi.restoreAllMocks();
    overlay.close();
  });

  function list(inode: Inode): Bytes[] {
    const listing = overlay.engine.readdir(inode);
    if (isErrno(listing)) throw new Error("not listed");
    const names = listing.entries.map(({ name }) => name).filter((name) => !name.startsWith("."));
    overlay.engine.releaseListing(inode);
    return names;
  }

  async function walk(names: readonly Bytes[], visit: (path: Bytes) => void = () => undefined): Promise<void> {
    for (const name of names) {
      const inode = overlay.at(name);
      list(inode);
      visit(name);
      await new Promise(setImmediate);
    }
  }

  test("in the order of its parent's listing has the directories ahead read, each once", async () => {
    const names = list(overlay.engine.root);
    await walk(names);
    const read = asked.flatMap((call) => call.names);
    expect(read).toEqual(names.slice(names.length - read.length));
    expect(read.length).toBeGreaterThan(COUNT - 5);
    expect(asked.every((call) => !call.withData)).toBe(true);
  });

  test("that reads the files has their data read too", async () => {
    const names = list(overlay.engine.root);
    const buffer = Buffer.alloc(4);
    await walk(names, (path) => {
      for (let i = 0; i < 4; i++) overlay.engine.read(overlay.at(`${path}/f`), buffer, 0, 4, 0);
    });
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.every((call) => call.withData)).toBe(true);
  });

  test("in another order, or of a single directory, has nothing read", async () => {
    const names = list(overlay.engine.root);
    await walk(names.filter((_, i) => i % 2 === 0));
    await walk([names[5]!, names[3]!, names[1]!]);
    expect(asked).toEqual([]);
  });

  test("over what the caches hold already soon goes on without", async () => {
    nanoseconds = 500;
    await walk(list(overlay.engine.root));
    expect(asked).toHaveLength(1);
  });
});
