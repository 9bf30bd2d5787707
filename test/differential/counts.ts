/** How many seeds of each option set ended how. */
import type { Result } from "./worker.js";

interface Count { seeds: number; differences: number; failed: number; refused: string | null }

export class Counts {
  readonly #sets: ReadonlyMap<string, Count>;

  constructor(sets: readonly string[]) {
    this.#sets = new Map(sets.map((set) => [set, { seeds: 0, differences: 0, failed: 0, refused: null }]));
  }

  add({ task, difference, refused, failed }: Result): void {
    const count = this.#sets.get(task.set)!;
    if (refused !== undefined) count.refused = refused;
    else count.seeds++;
    if (difference !== undefined) count.differences++;
    if (failed !== undefined) count.failed++;
  }

  get clean(): boolean { return [...this.#sets.values()].every(({ differences, failed }) => differences + failed === 0); }

  table(calls: number, seconds: number): string {
    const lines = [...this.#sets].map(([name, { seeds, differences, failed, refused }]) => {
      const words = `${name.padEnd(22)} ${String(seeds).padStart(6)} seeds of ${calls} calls, ${differences} differences, ${failed} failed`;
      return refused === null ? words : `${words}; skipped: ${refused}`;
    });
    const all = [...this.#sets.values()].reduce((sum, { seeds }) => sum + seeds, 0);
    return `${lines.join("\n")}\n${all} seeds in ${seconds.toFixed(0)} s`;
  }
}
