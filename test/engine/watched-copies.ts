/** What the tests of copying ahead share: the batches that are copied, and time that passes only where a test has it pass. */
import { vi, type MockInstance } from "vitest";
import { native, type Changes } from "../../src/sys/native.js";

export interface WatchedCopies {
  /** Files copied ahead, batch by batch. */
  readonly batches: number[];
  readonly spy: MockInstance<Changes["copyWholeAsync"]>;
}

/** Until mocks are restored. */
export function watchCopies(): WatchedCopies {
  const batches: number[] = [];
  const copy: Changes["copyWholeAsync"] = native.copyWholeAsync.bind(native);
  const spy = vi.spyOn(native, "copyWholeAsync").mockImplementation((...words) => {
    batches.push(words[1]);
    return copy(...words);
  });
  return { batches, spy };
}

/** What is copied is waited for until timers are advanced or real again, however long the disk takes. */
export function haltPatience(): void {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
}
