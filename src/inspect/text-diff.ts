/**
 * The unified diff of two versions of a text file, as `diff -u` prints it: bytes in, bytes out. Files are read quietly;
 * one that holds a NUL is no text, and very large ones are left alone.
 */
import { RealFile } from "../engine/real.js";
import type { Bytes } from "../sys/bytes.js";
import { native } from "../sys/native.js";
import { keptItems, type Kept } from "./edit-script.js";
import type { FileStep } from "./steps.js";

/** Files above this are not read. */
const SIZE_MAX = 16 * 1024 * 1024;
/** As git(1): a NUL among the first bytes makes a file binary. */
const LOOKED_AT = 8000;
const CONTEXT = 3;

export type TextDiff =
  | { readonly kind: "same" | "binary" | "large" | "unreadable" }
  /** Lines that end in a newline, as bytes. */
  | { readonly kind: "text"; readonly diff: Bytes };

/** Compares two files of layers; `labels` are their names in the head of the diff. */
export function diffFiles(before: FileStep, now: FileStep, labels: readonly [Bytes, Bytes]): TextDiff {
  if (before.stat.size > SIZE_MAX || now.stat.size > SIZE_MAX) return { kind: "large" };
  const a = read(before);
  const b = read(now);
  if (a === null || b === null) return { kind: "unreadable" };
  if (a.equals(b)) return { kind: "same" };
  if ([a, b].some((data) => data.subarray(0, LOOKED_AT).includes(0))) return { kind: "binary" };
  const hunks = unifiedHunks(a.toString("latin1") as Bytes, b.toString("latin1") as Bytes);
  return { kind: "text", diff: `--- ${labels[0]}\n+++ ${labels[1]}\n${hunks}` as Bytes };
}

/** The data of a file, or null where it can't be read. */
function read({ directory, name, stat }: FileStep): Buffer | null {
  const fd = new RealFile(directory, name).openForReading();
  if (fd < 0) return null;
  const data = Buffer.alloc(stat.size);
  const length = native.pread(fd, data, 0, data.length, 0);
  native.close(fd);
  return length < 0 ? null : data.subarray(0, length);
}

/** A line of the diff and where it stands in the two versions. */
interface DiffLine {
  readonly sign: " " | "-" | "+";
  readonly text: string;
  readonly a: number;
  readonly b: number;
}

/** The hunks of a unified diff of two texts that differ. */
export function unifiedHunks(before: Bytes, now: Bytes): Bytes {
  const a = linesOf(before);
  const b = linesOf(now);
  const numbers = new Map<string, number>();
  const numbered = (lines: readonly string[]): Int32Array => Int32Array.from(lines, (line) => {
    const number = numbers.get(line) ?? numbers.size;
    numbers.set(line, number);
    return number;
  });
  return hunksOf(toDiffLines(a, b, keptItems(numbered(a), numbered(b)))).map(writeHunk).join("") as Bytes;
}

/** The lines with their newlines; the last may have none. */
function linesOf(text: Bytes): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function toDiffLines(a: readonly string[], b: readonly string[], kept: Kept): DiffLine[] {
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  const upTo = (endA: number, endB: number): void => {
    while (i < endA) lines.push({ sign: "-", text: a[i]!, a: i++, b: j });
    while (j < endB) lines.push({ sign: "+", text: b[j]!, a: i, b: j++ });
  };
  for (const [keptA, keptB] of kept) {
    upTo(keptA, keptB);
    lines.push({ sign: " ", text: a[i]!, a: i++, b: j++ });
  }
  upTo(a.length, b.length);
  return lines;
}

/** Changed lines with some kept ones around; changes that are near to each other share a hunk. */
function hunksOf(lines: readonly DiffLine[]): DiffLine[][] {
  const ranges: [number, number][] = [];
  lines.forEach(({ sign }, i) => {
    if (sign === " ") return;
    const last = ranges.at(-1);
    if (last && i - CONTEXT <= last[1]) last[1] = i + CONTEXT + 1;
    else ranges.push([Math.max(i - CONTEXT, 0), i + CONTEXT + 1]);
  });
  return ranges.map(([start, end]) => lines.slice(start, end));
}

function writeHunk(lines: readonly DiffLine[]): string {
  const first = lines[0]!;
  const range = (start: number, count: number): string => {
    // An empty range stands behind the line before it.
    const line = count === 0 ? start : start + 1;
    return count === 1 ? String(line) : `${line},${count}`;
  };
  const inA = lines.filter(({ sign }) => sign !== "+").length;
  const inB = lines.filter(({ sign }) => sign !== "-").length;
  const body = lines.map(({ sign, text }) => sign + (text.endsWith("\n") ? text : `${text}\n\\ No newline at end of file\n`));
  return `@@ -${range(first.a, inA)} +${range(first.b, inB)} @@\n${body.join("")}`;
}
