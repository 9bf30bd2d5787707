/** Each operation and its outcome in the log, for `-o debug`. */
import { errnoName } from "../sys/errno.js";
import type { MountLog } from "../transport.js";

type Operation = (...words: unknown[]) => void;

/** For example `rename "/a" "/b": 0`. Only what fuse-native calls is traced: the operations in properties of their own. */
export function trace(operations: object, log: MountLog): void {
  const named = operations as Record<string, unknown>;
  for (const [name, perform] of Object.entries(named)) {
    if (typeof perform !== "function") continue;
    named[name] = (...words: unknown[]): void => {
      const done = words.pop() as Operation;
      const asked = [name, ...words.map(describe)].join(" ");
      (perform as Operation)(...words, (outcome: number, ...values: unknown[]) => {
        log.info(`${asked}: ${outcome < 0 ? errnoName(outcome) : outcome}`);
        done(outcome, ...values);
      });
    };
  }
}

function describe(word: unknown): string {
  return Buffer.isBuffer(word) ? `[${word.length} bytes]` : JSON.stringify(word);
}
