/** How the data of a copy-up is copied where no blocks can be shared: with copy_file_range(2), or by reading and writing. */
import { closeSync, openSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { E } from "../../src/sys/errno.js";
import { native } from "../../src/sys/native.js";
import type * as RangeCopy from "../../src/engine/range-copy.js";
import { mayCopyRanges } from "../../src/engine/range-copy.js";
import { Fixture, isRoot } from "./fixture.js";

const ways = vi.hoisted(() => ({ forced: null as boolean | null }));
vi.mock("../../src/engine/range-copy.js", async (original) => {
  const real = await original<typeof RangeCopy>();
  return { mayCopyRanges: (fd: number) => ways.forced ?? real.mayCopyRanges(fd) };
});

const KIB = 1024;

/** `size` bytes, none of them zero, that do not repeat at the end of a buffer. */
function noise(size: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: size }, (_, i) => 1 + (i * 7 + (i >> 10)) % 255));
}

describe.skipIf(!isRoot)("the data of a copy-up", () => {
  let overlay: Fixture;
  afterEach(() => {
    vi.restoreAllMocks();
    ways.forced = null;
    overlay.close();
  });

  /** Whether copy_file_range(2) was called for a file that is copied up, whose data has to be right. */
  async function copied(content: Buffer, hole = 0): Promise<boolean> {
    overlay = new Fixture(1);
    overlay.file("lower1", "f");
    const lower = join(overlay.base, "lower1/f");
    truncateSync(lower, hole);
    writeFileSync(lower, content, { flag: "a" });
    vi.spyOn(native, "ficlone").mockReturnValue(-E.EOPNOTSUPP);
    const spies = [vi.spyOn(native, "copyFileRange"), vi.spyOn(native, "copyFileRangeAsync")];
    const { engine } = overlay;
    await engine.stage(overlay.at("f"));
    expect(engine.write(overlay.at("f"), Buffer.from("!"), 0, 1, 0, true)).toBe(1);
    const expected = Buffer.concat([Buffer.alloc(hole), content]);
    expected.write("!");
    expect(readFileSync(join(overlay.base, "upper/f")).equals(expected)).toBe(true);
    if (hole > 0) expect(statSync(join(overlay.base, "upper/f")).blocks * 512).toBeLessThan(hole);
    return spies.some(({ mock }) => mock.calls.length > 0);
  }

  for (const [size, name] of [[700 * KIB + 1, "while the caller waits"], [3 * KIB * KIB + 1, "off the thread"]] as const) {
    test(`is copied by copy_file_range(2) where that may be the file system's own, ${name}`, async () => {
      ways.forced = true;
      expect(await copied(noise(size))).toBe(true);
    });

    test(`is read and written elsewhere, ${name}, with holes left as holes`, async () => {
      ways.forced = false;
      expect(await copied(noise(size))).toBe(false);
      overlay.close();
      expect(await copied(noise(size), 8 * KIB * KIB)).toBe(false);
    });
  }

  test("of a file that is as long as the buffer, or longer by a byte, is whole", async () => {
    ways.forced = false;
    for (const size of [256 * KIB - 1, 256 * KIB, 256 * KIB + 1]) {
      expect(await copied(noise(size))).toBe(false);
      overlay.close();
    }
  });
});

test("a file system that is not known may have a copy of its own", () => {
  const of = (path: string): boolean => {
    const fd = openSync(path, "r");
    const answer = mayCopyRanges(fd);
    closeSync(fd);
    return answer;
  };
  expect([of("/proc/self/status"), of("/dev/shm")]).toEqual([true, false]);
});
