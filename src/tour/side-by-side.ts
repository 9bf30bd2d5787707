/** The directories of an overlay next to each other: merged and upper above, the lowers and work below. */
import type { View } from "./lesson.js";
import type { Picture } from "./picture.js";
import { clip, type Style } from "./style.js";
import { treeLines } from "./tree-lines.js";

const GAP = 2;
const INDENT = 2;

/** Room for a cell; two of them and the gap fit 80 columns. */
const WIDEST = 56;
const NARROWEST = 34;

export type Pictures = ReadonlyMap<string, Picture>;

const NOTHING: Picture = new Map();

interface Cell { readonly title: string; readonly lines: readonly string[] }

/** The picture of all directories as text, with what came and went since `before`. */
export function sideBySide(before: Pictures, after: Pictures, lowers: readonly string[], view: View, style: Style): string {
  const half = Math.floor((style.width - INDENT - GAP) / 2);
  const width = Math.min(Math.max(half, NARROWEST), WIDEST);
  const lines = (name: string, focus?: readonly string[]): string[] =>
    treeLines(before.get(name) ?? NOTHING, after.get(name) ?? NOTHING, { width, focus, allMarks: view.allMarks }, style);
  const shown = view.lowers ?? lowers;
  const lower = shown.flatMap((name) => (lowers.length === 1 ? lines(name, view.focus) : [style.paint("bold", `${clip(name, width - 1)}:`), ...lines(name, view.focus)]));
  if (shown.length < lowers.length) lower.push(style.paint("dim", `... and ${lowers.length - shown.length} more layers`));
  const cells: Cell[] = [
    { title: "merged", lines: lines("merged", view.focus) },
    { title: "upper", lines: lines("upper") },
    { title: lowers.length === 1 ? `lower (${lowers[0]!})` : "lower, topmost first", lines: lower },
    { title: "work", lines: lines("work") },
  ];
  const rows = half < NARROWEST ? cells.map((cell) => [cell]) : [cells.slice(0, 2), cells.slice(2)];
  return rows.map((row) => rowText(row, width, style)).join("\n\n");
}

function rowText(cells: readonly Cell[], width: number, style: Style): string {
  const height = Math.max(...cells.map((cell) => cell.lines.length));
  const columns = cells.map((cell) => [style.paint("bold", cell.title), "-".repeat(width), ...cell.lines]);
  return Array.from({ length: height + 2 }, (_, i) => {
    const line = columns.map((column) => pad(column[i] ?? "", width)).join(" ".repeat(GAP));
    return (" ".repeat(INDENT) + line).trimEnd();
  }).join("\n");
}

/** Fills up to `width` as it is seen: colours take no room. */
function pad(text: string, width: number): string {
  const seen = text.replace(/\x1b\[\d+m/g, "").length;
  return text + " ".repeat(Math.max(0, width - seen));
}
