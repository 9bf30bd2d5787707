/** Unified diffs against diff(1) and patch(1): as short as the shortest that diff finds, and patch makes of them the new text. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unifiedHunks } from "../../src/inspect/text-diff.js";
import type { Bytes } from "../../src/sys/bytes.js";
import { Sequence } from "../harness/sequence.js";

let place = "";
beforeAll(() => { place = mkdtempSync(join(tmpdir(), "ovlfs-test-diff-")); });
afterAll(() => rmSync(place, { recursive: true }));

const isMissing = (program: string): boolean => spawnSync(program, ["--version"]).error !== undefined;

/** A text of lines that often repeat, and one made of it by some changes. */
function versions(chance: Sequence): [Bytes, Bytes] {
  const line = (): string => `${chance.pick(["a", "b", "c", "}", "\xe9\xff", "", "long ".repeat(20)])}${chance.below(3) === 0 ? chance.below(50) : ""}`;
  const before = Array.from({ length: chance.below(60) }, line);
  const now = before.flatMap((kept) => (chance.below(6) > 0 ? [kept] : chance.below(2) === 0 ? [] : [line(), line()]));
  const end = (lines: string[]): Bytes => (lines.join("\n") + (lines.length > 0 && chance.below(4) > 0 ? "\n" : "")) as Bytes;
  return [end(before), end(now)];
}

function changedLines(diff: string): number {
  return diff.split("\n").filter((line) => /^[-+]/.test(line) && !/^(---|\+\+\+) /.test(line)).length;
}

describe("a unified diff", () => {
  it.skipIf(isMissing("diff") || isMissing("patch"))("is as short as diff(1) finds one, and patch(1) takes it", () => {
    const [a, b, patch] = ["a", "b", "patch"].map((name) => join(place, name)) as [string, string, string];
    let compared = 0;
    for (let seed = 0; seed < 120; seed++) {
      const [before, now] = versions(new Sequence(seed));
      if (before === now) continue;
      compared++;
      writeFileSync(a, before, "latin1");
      writeFileSync(b, now, "latin1");
      const ours = `--- a\n+++ b\n${unifiedHunks(before, now)}`;
      const theirs = spawnSync("diff", ["-u", "--minimal", "-a", a, b], { encoding: "latin1" }).stdout;
      expect([seed, changedLines(ours)]).toEqual([seed, changedLines(theirs)]);
      writeFileSync(patch, ours, "latin1");
      const patched = spawnSync("patch", ["-s", "-u", a, patch], { encoding: "latin1" });
      expect(patched.stdout + patched.stderr).toBe("");
      expect(readFileSync(a, "latin1")).toBe(now);
    }
    expect(compared).toBeGreaterThan(80);
  });

  it.skipIf(isMissing("patch"))("of texts that have nothing in common replaces one by the other", () => {
    const text = (name: string): Bytes => Array.from({ length: 6000 }, (_, i) => `${name} ${i}\n`).join("") as Bytes;
    const diff = unifiedHunks(text("old"), text("new"));
    expect(diff.startsWith("@@ -1,6000 +1,6000 @@\n-old 0\n")).toBe(true);
    expect(changedLines(diff)).toBe(12_000);
  });

  it("has the form of diff -u", () => {
    expect(unifiedHunks("1\n2\n3\n4\n5\n6\n" as Bytes, "1\n2\n3\n4\nfive\n6" as Bytes))
      .toBe("@@ -2,5 +2,5 @@\n 2\n 3\n 4\n-5\n-6\n+five\n+6\n\\ No newline at end of file\n");
    expect(unifiedHunks("" as Bytes, "1\n" as Bytes)).toBe("@@ -0,0 +1 @@\n+1\n");
  });
});
