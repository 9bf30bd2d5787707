/** What was measured, as the JSON file holds it, and what follows from it: medians, ratios to the kernel, targets met. */
import type { Memory } from "./memory.js";
import { FLOOR } from "./mounters.js";
import { median } from "./statistics.js";

export interface Row {
  readonly id: string;
  readonly title: string;
  /** The ratio to the kernel that is good enough, or milliseconds that are. */
  readonly target: number | null;
  readonly limit: number | null;
  /** Milliseconds of each round, by mounter. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
  /** Why a mounter has no samples. */
  readonly skipped: Readonly<Record<string, string>>;
}

export interface Results {
  readonly date: string;
  readonly system: string;
  readonly mounters: readonly string[];
  readonly rounds: number;
  readonly size: string;
  readonly unprivileged: boolean;
  readonly rows: readonly Row[];
  readonly memory: readonly Memory[];
}

/** One result of several runs: a row or a mounter's memory that stands in more than one is taken from the last. */
export function merged(all: readonly Results[]): Results {
  const last = all.at(-1);
  if (last === undefined) throw new Error("nothing to merge");
  const rows = new Map(all.flatMap((results) => results.rows).map((row) => [row.id, row]));
  const memory = new Map(all.flatMap((results) => results.memory).map((one) => [one.mounter, one]));
  return { ...last, mounters: [...new Set(all.flatMap(({ mounters }) => mounters))], rows: [...rows.values()], memory: [...memory.values()] };
}

/** Milliseconds, or null without samples. */
export function medianOf(row: Row, mounter: string): number | null {
  const samples = row.samples[mounter];
  return samples === undefined || samples.length === 0 ? null : median(samples);
}

/** The median as a multiple of the kernel's, or null. */
export function ratioOf(row: Row, mounter: string): number | null {
  const own = medianOf(row, mounter);
  const kernel = medianOf(row, "kernel");
  return own === null || kernel === null ? null : own / kernel;
}

const OWN = /^ovlfs\b/;

/** What is to be said of the row: whether ovlfs meets its target, and which other userspace overlays are ahead of it. */
export function verdict(row: Row): string {
  const ratio = ratioOf(row, "ovlfs");
  const words: string[] = [];
  if (ratio !== null && row.target !== null) words.push(ratio <= row.target ? "met" : "MISSED");
  const own = medianOf(row, "ovlfs");
  if (own !== null && row.limit !== null) words.push(own < row.limit ? "met" : "MISSED");
  const compared = medianOf(row, "ovlfs volatile") ?? own;
  if (compared !== null) {
    const others = Object.keys(row.samples).filter((name) => name !== "kernel" && name !== FLOOR && !OWN.test(name));
    const ahead = others.filter((name) => (medianOf(row, name) ?? Infinity) < compared);
    if (ahead.length > 0) words.push(`behind ${ahead.join(", ")}`);
  }
  return words.join(", ");
}
