/** docs/trace.md does what it shows, and describes each kind of event. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { KINDS } from "../../src/trace/trace-event.js";
import { performed, promised } from "./console.js";

const isRoot = process.geteuid!() === 0;
if (!isRoot) console.log("skipped: docs/trace.md, root is needed");

it.runIf(isRoot)("docs/trace.md prints what it shows", () => {
  const steps = promised("docs/trace.md");
  expect(steps.at(-1)!.output.split("\n").length).toBe(20);
  expect(performed(steps)).toEqual(steps);
});

it("docs/trace.md has a row for each kind of event", () => {
  const text = readFileSync(join(import.meta.dirname, "../../docs/trace.md"), "utf8");
  expect([...text.matchAll(/^\| `([a-z-]+)` \| `/gm)].map(([, kind]) => kind)).toEqual([...KINDS]);
});
