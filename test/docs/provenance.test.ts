/** docs/provenance.md does what it shows. */
import { expect, it } from "vitest";
import { run } from "../harness/processes.js";
import { performed, promised } from "./console.js";

const missing = process.geteuid!() !== 0 ? "root is needed" : run("sh", ["-c", "command -v getfattr"]).status === 0 ? null : "getfattr is not installed";
if (missing !== null) console.log(`skipped: docs/provenance.md, ${missing}`);

it.runIf(missing === null)("docs/provenance.md prints what it shows", () => {
  const steps = promised("docs/provenance.md");
  expect(steps.length).toBeGreaterThan(5);
  expect(performed(steps)).toEqual(steps);
});
