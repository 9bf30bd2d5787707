/** The results as lines for a terminal and as a Markdown table. */
import { medianOf, ratioOf, verdict, type Row } from "./results.js";

/** Milliseconds, in as many digits as they are worth. */
export function milliseconds(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function cells(row: Row, mounters: readonly string[]): string[] {
  const figures = mounters.map((mounter) => {
    const time = medianOf(row, mounter);
    if (time === null) return "";
    const ratio = ratioOf(row, mounter);
    return mounter === "kernel" || ratio === null ? milliseconds(time) : `${milliseconds(time)} (${ratio.toFixed(2)})`;
  });
  return [row.title, ...figures, targetOf(row), verdict(row)];
}

function targetOf({ target, limit }: Row): string { return limit === null ? target?.toString() ?? "" : `${limit} ms`; }

export function headings(mounters: readonly string[]): string[] { return ["milliseconds (ratio)", ...mounters, "target", ""]; }

const TITLE_WIDTH = 38;
const TARGET_WIDTH = 6;

/** One line of the terminal's table; `row` null for the headings. */
export function line(row: Row | null, mounters: readonly string[]): string {
  const words = row === null ? headings(mounters) : cells(row, mounters);
  return words.map((word, index) => {
    if (index === 0) return word.padEnd(TITLE_WIDTH);
    const mounter = mounters[index - 1];
    return index === words.length - 1 ? ` ${word}` : word.padStart((mounter === undefined ? TARGET_WIDTH : Math.max(mounter.length, 13)) + 1);
  }).join("").trimEnd();
}

/** The table for the docs. */
export function markdown(rows: readonly Row[], mounters: readonly string[]): string {
  return markdownTable([headings(mounters), ...rows.map((row) => cells(row, mounters))]);
}

/** A table of Markdown, the headings first. */
export function markdownTable([first, ...rows]: readonly (readonly string[])[]): string {
  const rule = first?.map(() => "---") ?? [];
  return [first ?? [], rule, ...rows].map((words) => `| ${words.join(" | ")} |`).join("\n");
}
