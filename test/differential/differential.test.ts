/**
 * A few fixed seeds of each option set; `scripts/differential` runs as many as one likes. Where the kernel has no
 * overlay, or no FUSE, there is nothing to compare.
 */
import { join } from "node:path";
import { expect, it } from "vitest";
import { optionSets } from "./option-sets.js";
import { kernel, ovlfs } from "../harness/mounters.js";
import { run } from "../harness/processes.js";

const SEEDS = 8;
const CALLS = 200;
const command = join(import.meta.dirname, "../../scripts/differential");
const unavailable = kernel.unavailable() ?? ovlfs.unavailable();

it.skipIf(unavailable !== null)("the kernel's overlay and ovlfs answer alike to random calls, with each option set", () => {
  const words = ["--seeds", String(SEEDS), "--calls", String(CALLS), "--options", "all"];
  const { status, stdout, stderr } = run(command, words, { milliseconds: 240_000 });
  expect(status, stdout + stderr).toBe(0);
  for (const { name } of optionSets) expect(stdout).toContain(`${name.padEnd(22)} ${String(SEEDS).padStart(6)} seeds of ${CALLS} calls, 0 differences, 0 failed`);
}, 250_000);
