/** What is asked to be read ahead of a file that is read in a row. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { ownReadahead } from "../../src/engine/own-readahead.js";
import { native } from "../../src/sys/native.js";
import { Fixture, isRoot } from "./fixture.js";

vi.mock("../../src/engine/own-readahead.js", () => ({ ownReadahead: vi.fn() }));

const KIB = 1024;
const MIB = 1024 * KIB;
const CHUNK = 128 * KIB;
const CHUNKS = 8;

describe.skipIf(!isRoot)("a file that is read in a row", () => {
  afterEach(() => { vi.restoreAllMocks(); });

  /** The bytes that were asked for, where the layers' own readahead is `own`. */
  function asked(own: number, length = CHUNK): number {
    vi.mocked(ownReadahead).mockReturnValue(own);
    const overlay = new Fixture(1);
    overlay.file("lower1", "file", Buffer.alloc(CHUNK * CHUNKS));
    const { engine } = overlay;
    const spy = vi.spyOn(native, "fadvise");
    for (let position = 0; position < CHUNK * CHUNKS; position += length) {
      engine.read(overlay.at("file"), Buffer.alloc(length), 0, length, position);
    }
    overlay.close();
    return spy.mock.calls.reduce((sum, [, , bytes]) => sum + bytes, 0);
  }

  test("is read ahead further than its file system does by itself", () => {
    expect(asked(128 * KIB)).toBeGreaterThanOrEqual(4 * 1024 * KIB);
    expect(asked(0)).toBeGreaterThanOrEqual(4 * 1024 * KIB);
  });

  test("is left to a file system that reads ahead far enough", () => {
    expect(asked(512 * KIB)).toBe(0);
  });

  /** Where the other thread went ahead, `[from, to)`, while a file of 8 MiB was read in a row. */
  async function touched(own: number, places: readonly number[]): Promise<[number, number][]> {
    vi.mocked(ownReadahead).mockReturnValue(own);
    const overlay = new Fixture(1);
    overlay.file("lower1", "file", Buffer.alloc(8 * MIB));
    const spy = vi.spyOn(native, "touchAsync");
    for (const place of places) {
      overlay.engine.read(overlay.at("file"), Buffer.alloc(MIB), 0, MIB, place);
      await Promise.all(spy.mock.results.map(({ value }) => value as Promise<number>));
      await new Promise(setImmediate);
    }
    overlay.close();
    return spy.mock.calls.map(([, from, length]) => [from, from + length]);
  }

  test("is gone ahead of on another thread there, to its end", async () => {
    const all = await touched(2 * MIB, [0, 1, 2, 3, 4, 5, 6, 7].map((index) => index * MIB));
    expect(all).toEqual([[2, 6], [6, 8], [8, 10]].map((range) => range.map((place) => place * MIB)));
    expect(await touched(512 * KIB, [0, 1, 2].map((index) => index * MIB))).toEqual([[2, 3], [3, 4]].map((range) => range.map((place) => place * MIB)));
  });

  test("is not gone ahead of there by reads here and there, and anew where a row begins", async () => {
    expect(await touched(8 * MIB, [5, 0, 3, 6].map((index) => index * MIB + KIB))).toEqual([]);
    expect(await touched(2 * MIB, [0, 1, 2, 3, 4, 5, 6, 7, 2, 3].map((index) => index * MIB))).toHaveLength(4);
  });

  test("is not read ahead for short reads", () => {
    expect(asked(128 * KIB, 4 * KIB)).toBe(0);
  });
});
