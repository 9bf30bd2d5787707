/** Ends a test run with why tests were skipped and with one plain line: `N passed, N failed, N skipped`. */
import { writeSync } from "node:fs";
import type { Reporter, TestCase, TestModule } from "vitest/node";

export class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
    const lines = [...skippedByReason(tests)].map(([reason, skipped]) => `skipped (${reason}): ${skipped.join("; ")}`);

    // A file that cannot be loaded, or an error outside of tests, has no test that could count as failed.
    const broken = modules.filter((module) => module.errors().length > 0).length + errors.length;
    lines.push(`${count("passed")} passed, ${count("failed") + broken} failed, ${count("skipped")} skipped`);
    // Other reporters have their last word after this call; the plain line comes behind it.
    process.once("exit", () => writeSync(1, `\n${lines.join("\n")}\n`));
  }
}

function skippedByReason(tests: readonly TestCase[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const test of tests) {
    const result = test.result();
    if (result.state !== "skipped") continue;
    const reason = result.note ?? "no reason given";
    const names = groups.get(reason) ?? [];
    names.push(test.fullName);
    groups.set(reason, names);
  }
  return groups;
}
