/** docs/inspect.md does what it shows. */
import { expect, it } from "vitest";
import { performed, promised } from "./console.js";

const missing = process.geteuid!() !== 0 ? "root is needed" : null;
if (missing !== null) console.log(`skipped: docs/inspect.md, ${missing}`);

it.runIf(missing === null)("docs/inspect.md prints what it shows", () => {
  const steps = promised("docs/inspect.md");
  expect(steps.length).toBeGreaterThan(8);
  expect(performed(steps)).toEqual(steps);
});
