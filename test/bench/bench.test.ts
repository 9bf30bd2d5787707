/** The benchmark's own parts; no test asserts a time. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseArguments, selects, WrongArguments } from "./arguments.js";
import { between } from "./docs.js";
import { plot } from "./plot.js";
import { merged, ratioOf, verdict, type Results, type Row } from "./results.js";
import { median, rotated } from "./statistics.js";
import { line, markdown, milliseconds } from "./table.js";

const row: Row = {
  id: "walk", title: "walk & count", target: 2, limit: null, skipped: {},
  samples: { kernel: [10, 12, 11], ovlfs: [30, 20, 22], "fuse-overlayfs": [21, 20, 19] },
};
const names = ["kernel", "ovlfs", "fuse-overlayfs"];
const results: Results = { date: "2026-01-01", system: "Linux", mounters: names, rounds: 3, size: "small", unprivileged: false, rows: [row], memory: [] };

describe("figures", () => {
  test("a median is the middle sample, or the mean of the two in the middle", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });
  test("each mounter is the first one in some round", () => {
    expect(rotated(["a", "b", "c"], 4)).toEqual(["b", "c", "a"]);
    expect(rotated([], 1)).toEqual([]);
  });
  test("a row says whether its target is met and who is ahead", () => {
    expect(ratioOf(row, "ovlfs")).toBe(2);
    expect(verdict(row)).toBe("met, behind fuse-overlayfs");
    expect(verdict({ ...row, target: 1.9, samples: { ...row.samples, "fuse-overlayfs": [50] } })).toBe("MISSED");
    expect(verdict({ ...row, target: null, limit: 22 })).toBe("MISSED, behind fuse-overlayfs");
  });
  test("volatile is what is compared with those that do not sync", () => {
    expect(verdict({ ...row, samples: { ...row.samples, "ovlfs volatile": [5] } })).toBe("met");
  });
  test("the floor is a yardstick that nobody is behind", () => {
    expect(verdict({ ...row, samples: { ...row.samples, floor: [1] } })).toBe("met, behind fuse-overlayfs");
  });
  test("of results taken together the last of a row counts", () => {
    const later = { ...results, mounters: ["kernel", "mergerfs"], rows: [{ ...row, target: 5 }] };
    expect(merged([results, later]).rows.map(({ target }) => target)).toEqual([5]);
    expect(merged([results, later]).mounters).toEqual([...names, "mergerfs"]);
  });
});

describe("what is printed", () => {
  test("a line has the ratio to the kernel", () => {
    expect([milliseconds(1234.4), milliseconds(12.34), milliseconds(1.234)]).toEqual(["1234", "12.3", "1.23"]);
    expect(line(row, names)).toMatch(/^walk & count +11\.0 +22\.0 \(2\.00\) +20\.0 \(1\.82\) +2 met, behind fuse-overlayfs$/);
    expect(markdown([row], names)).toContain("| walk & count | 11.0 | 22.0 (2.00) | 20.0 (1.82) | 2 | met, behind fuse-overlayfs |");
  });
  test("the plot has a dot for each ratio", () => {
    const picture = plot(results);
    expect(picture).toContain("walk &amp; count");
    expect(picture).toContain("ovlfs: 2.00");
    expect(picture.match(/<circle/g)?.length).toBe(4);
  });
  test("results stand between their marks in the page, which has both", () => {
    const page = "a\n<!-- results: root -->\nold\n<!-- end of results: root -->\nb\n";
    expect(between(page, "root", "new")).toBe("a\n<!-- results: root -->\nnew\n<!-- end of results: root -->\nb\n");
    expect(() => between("a", "root", "new")).toThrow("lacks the marks");
    const docs = readFileSync(join(import.meta.dirname, "../../docs/performance.md"), "utf8");
    for (const kind of ["root", "unprivileged"]) expect(between(docs, kind, "")).toContain(`<!-- end of results: ${kind} -->`);
  });
});

describe("the command", () => {
  test("selects by a part of the name or a pattern", () => {
    expect([[], ["alk"], ["walk-*"], ["*cold"]].map((only) => selects(only, "walk-cold"))).toEqual([true, true, true, true]);
    expect([["read"], ["walk*m"], ["al*"]].map((only) => selects(only, "walk-cold"))).toEqual([false, false, false]);
  });
  test("refuses what it does not know", () => {
    for (const words of [["--fast"], ["--rounds", "0"], ["--size", "huge"], ["--also", "x"], ["--only"]]) {
      expect(() => parseArguments(words)).toThrow(WrongArguments);
    }
    expect(parseArguments(["--also", "old=/a/main.js,volatile,index=on"])).toMatchObject({ also: [{ name: "old", main: "/a/main.js", options: ["volatile", "index=on"] }] });
  });
  test.skipIf(process.getuid?.() !== 0)("measures a tiny workload from mount to figures", () => {
    const directory = mkdtempSync(join(tmpdir(), "ovlfs-bench-test-"));
    try {
      const json = join(directory, "figures.json");
      const words = ["--only", "missing,chmod", "--rounds", "1", "--size", "0.01", "--mounters", "kernel,ovlfs,ovlfs volatile", "--dir", directory, "--json", json];
      execFileSync(join(import.meta.dirname, "../../scripts/bench"), words, { timeout: 60_000, stdio: "pipe" });
      const measured = JSON.parse(readFileSync(json, "utf8")) as Results;
      expect(measured.rows.map(({ id, skipped }) => ({ id, skipped }))).toEqual(["missing-120", "missing", "chmod"].map((id) => ({ id, skipped: {} })));
      expect(Object.keys(measured.rows[2]!.samples)).toEqual(["kernel", "ovlfs", "ovlfs volatile"]);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
