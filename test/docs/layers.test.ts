/** docs/layers.md does what it shows. */
import { expect, it } from "vitest";
import { ovlfs } from "../harness/mounters.js";
import { performed, promised, type Step } from "./console.js";

const missing = ovlfs.unavailable();
if (missing !== null) console.log(`skipped: docs/layers.md, ${missing}`);

/** How many blocks a file or directory takes is the file system's affair. */
function withoutSizes(steps: readonly Step[]): Step[] {
  return steps.map((step) => (/^ovlfs du( --shadowed)? merged$/.test(step.command) ? { ...step, output: step.output.replace(/(^|  +)[0-9.]+[KM]?(?= |$)/gm, " #") } : step));
}

it.runIf(missing === null)("docs/layers.md prints what it shows", () => {
  const steps = promised("docs/layers.md");
  expect(steps.length).toBeGreaterThan(15);
  expect(withoutSizes(performed(steps))).toEqual(withoutSizes(steps));
});
