/** Puts results into docs/performance.md, between the comments that mark their place, and the plot beside it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MEMORY_HEADINGS, memoryRows } from "./memory.js";
import { plot } from "./plot.js";
import type { Results } from "./results.js";
import { markdown, markdownTable } from "./table.js";

const DOCS = join(import.meta.dirname, "../../docs");

export function writeDocs(results: Results): void {
  const kind = results.unprivileged ? "unprivileged" : "root";
  const picture = results.unprivileged ? "performance-unprivileged.svg" : "performance.svg";
  const page = join(DOCS, "performance.md");
  writeFileSync(join(DOCS, picture), plot(results));
  const memory = results.memory.length === 0 ? [] : ["", markdownTable([MEMORY_HEADINGS, ...memoryRows(results.memory)])];
  const place = `${results.date.slice(0, 10)}; ${results.system}; medians of ${results.rounds} rounds; size ${results.size}.`;
  const lines = [place, "", markdown(results.rows, results.mounters), ...memory, "", `![The ratios as a plot](${picture})`];
  writeFileSync(page, between(readFileSync(page, "utf8"), kind, lines.join("\n")));
}

/** `page` with `content` between the marks of `kind`. */
export function between(page: string, kind: string, content: string): string {
  const [begin, end] = [`<!-- results: ${kind} -->`, `<!-- end of results: ${kind} -->`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the page lacks the marks '${begin}' and '${end}'`);
  return `${page.slice(0, from + begin.length)}\n${content}\n${page.slice(to)}`;
}
