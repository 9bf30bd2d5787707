/** When V8 may optimize. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Engine } from "../../src/engine/engine.js";

const { flags, processors } = vi.hoisted(() => ({ flags: [] as string[], processors: { count: 2 } }));
vi.mock("node:v8", () => ({ setFlagsFromString: (flag: string) => { flags.push(flag); } }));
vi.mock("node:os", () => ({ availableParallelism: () => processors.count }));
const { optimizeLate } = await import("../../src/cli/late-optimizing.js");

beforeEach(() => {
  vi.useFakeTimers();
  flags.length = 0;
});

afterEach(() => { vi.useRealTimers(); });

function listenerWith(count: number): (() => void) | null {
  processors.count = count;
  const engine: { onCopyingAhead: (() => void) | null } = { onCopyingAhead: null };
  optimizeLate(engine as unknown as Engine);
  return engine.onCopyingAhead;
}

test("V8 does not optimize in the first second of copying ahead, and does then", () => {
  const begins = listenerWith(2)!;
  expect(flags).toEqual([]);
  begins();
  expect(flags).toEqual(["--no-opt"]);
  vi.advanceTimersByTime(999);
  expect(flags).toEqual(["--no-opt"]);
  vi.advanceTimersByTime(1);
  expect(flags).toEqual(["--no-opt", "--opt"]);
});

test("with more processors it is left alone", () => {
  expect(listenerWith(3)).toBeNull();
});
