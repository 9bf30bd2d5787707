/** What is asked to be read ahead of a file that is read in a row. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { ownReadahead } from "../../src/engine/own-readahead.js";
import { native } from "../../src/sys/native.js";
import { Fixture, isRoot } from "./fixture.js";

vi.mock("../../src/engine/own-readahead.js", () => ({ ownReadahead: vi.fn() }));

const KIB = 1024;
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

  test("is not read ahead for short reads", () => {
    expect(asked(128 * KIB, 4 * KIB)).toBe(0);
  });
});
