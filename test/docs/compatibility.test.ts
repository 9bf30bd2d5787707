/** The tables of docs/compatibility.md: what ovlfs is said to do is linked to a case, and the case is there. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

const page = join(import.meta.dirname, "../../docs/compatibility.md");
const COLUMNS = ["", "kernel", "ovlfs", "fuse-overlayfs", "unionfs-fuse", "mergerfs"];

/** The cells of each row of each table, without the rows under the head. */
const rows = readFileSync(page, "utf8").split("\n")
  .filter((line) => line.startsWith("| "))
  .map((line) => line.slice(1, -1).split("|").map((cell) => cell.trim()))
  .filter((cells) => !cells.every((cell) => cell === "---"));
const heads = rows.filter((cells) => cells.includes("ovlfs"));
const facts = rows.filter((cells) => !cells.includes("ovlfs"));

interface Link { readonly title: string; readonly target: string }

function linksOf(cell: string): Link[] {
  return [...cell.matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)].map(([, title, target]) => ({ title: title!, target: target! }));
}

/** What is wrong with a link, or null. */
function fault({ title, target }: Link): string | null {
  const file = join(dirname(page), target);
  if (!existsSync(file)) return `${target} is not there`;
  return declares(readFileSync(file, "utf8"), title) ? null : `${target} has no case '${title}'`;
}

/** Whether a file of tests has a case of that name, or several that add in brackets which they are. */
function declares(source: string, title: string): boolean {
  return ["\"", "'", "`"].some((quote) => source.includes(`${quote}${title}${quote}`) || source.includes(`${quote}${title} ($`));
}

describe("docs/compatibility.md", () => {
  it("has the same columns in each table, and a cell for each in each row", () => {
    expect(heads.length).toBeGreaterThan(0);
    for (const head of heads) expect(head).toEqual(COLUMNS);
    expect(facts.filter((cells) => cells.length !== COLUMNS.length || cells.includes(""))).toEqual([]);
  });

  it("links to cases that are there", () => {
    const links = facts.flatMap((cells) => linksOf(cells[2]!));
    expect(links.length).toBeGreaterThan(0);
    expect(links.map(fault).filter((found) => found !== null)).toEqual([]);
  });

  it("proves each cell of ovlfs that does not say no", () => {
    const unproved = facts.filter(([, , own]) => linksOf(own!).length === 0 && !/^no\b/.test(own!));
    expect(unproved.map(([fact]) => fact)).toEqual([]);
  });
});
