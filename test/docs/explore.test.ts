/** docs/explore.md does what it shows. */
import { expect, it } from "vitest";
import { run } from "../harness/processes.js";
import { performed, promised } from "./console.js";

const missing = process.geteuid!() !== 0 ? "root is needed" : run("sh", ["-c", "command -v curl"]).status === 0 ? null : "curl is not installed";
if (missing !== null) console.log(`skipped: docs/explore.md, ${missing}`);

it.runIf(missing === null)("docs/explore.md prints what it shows", () => {
  const steps = promised("docs/explore.md");
  expect(steps.length).toBeGreaterThan(5);
  expect(performed(steps)).toEqual(steps);
});
