/** What inodes take of the heap, which decides how large a tree the kernel may keep cached (docs/performance.md, "Memory"). */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bytes } from "../../src/sys/bytes.js";
import { isErrno } from "../../src/sys/errno.js";
import { Fixture } from "./fixture.js";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const DIRECTORIES = 100;
const FILES_EACH = 200;
const COUNT = DIRECTORIES * (FILES_EACH + 1);

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

describe("memory", () => {
  let overlay: Fixture;
  beforeEach(() => { overlay = new Fixture(1); });
  afterEach(() => overlay.close());

  /** Looks all files up, as a walk of the tree does. */
  function walk(): void {
    const { engine } = overlay;
    for (let i = 0; i < DIRECTORIES; i++) {
      const directory = engine.lookup(engine.root, bytes(`directory-${i}`));
      if (isErrno(directory)) throw new Error(`no directory-${i}`);
      for (let j = 0; j < FILES_EACH; j++) {
        if (isErrno(engine.lookup(directory, bytes(`file-${j}.txt`)))) throw new Error(`no file-${j}.txt`);
      }
    }
  }

  /** Gives all references back, the directories' first, as the kernel may. */
  function forgetAll(from: number, to: number): void {
    for (let id = from; id <= to; id++) overlay.engine.forget(overlay.engine.inode(id)!, 1);
  }

  test("an inode of a lower takes less than 300 bytes, and nothing once it is forgotten", () => {
    for (let i = 0; i < DIRECTORIES; i++) {
      for (let j = 0; j < FILES_EACH; j++) overlay.file("lower1", `directory-${i}/file-${j}.txt`);
    }
    const { engine } = overlay;
    // The first round is for what is made once, code among it.
    walk();
    const first = engine.inodeCount;
    forgetAll(2, first);
    expect(engine.inodeCount).toBe(1);

    const before = heapUsed();
    walk();
    const walked = heapUsed();
    expect(engine.inodeCount).toBe(COUNT + 1);
    expect((walked - before) / COUNT).toBeLessThan(300);
    forgetAll(first + 1, first + COUNT);
    expect(engine.inodeCount).toBe(1);
    expect((heapUsed() - before) / COUNT).toBeLessThan(10);
  });
});
