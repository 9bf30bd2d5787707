import { defineConfig } from "vitest/config";
import { SummaryReporter } from "./test/summary-reporter.js";

/** Mounts are shared with the whole machine, so files run one after the other, each in a process of its own. */
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ["default", new SummaryReporter()],
  },
});
