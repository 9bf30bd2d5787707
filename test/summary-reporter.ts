/** Ends a test run with why tests were skipped, what failed, and one plain line: `N passed, N failed, N skipped`. */
import { writeSync } from "node:fs";
import { relative } from "node:path";
import type { SerializedError } from "vitest";
import type { Reporter, TestCase, TestModule } from "vitest/node";

/** Characters of an error that are repeated at the end; whole, with its difference, it stands further up. */
const ERROR_SHOWN = 300;

export class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
    const lines = [...skippedByReason(tests)].map(([reason, skipped]) => `skipped (${reason}): ${skipped.join("; ")}`);
    // Last, since who keeps but the end of a long output (CI does) still has to see what failed.
    lines.push(...failures(tests));

    // A file that cannot be loaded, or an error outside of tests, has no test that could count as failed.
    const broken = modules.filter((module) => module.errors().length > 0);
    lines.push(...broken.map((module) => `failed (${pathOf(module)}): ${told(module.errors())}`));
    lines.push(...errors.map((error) => `failed (outside of tests): ${told([error])}`));
    const failed = count("failed") + broken.length + errors.length;
    lines.push(`${count("passed")} passed, ${failed} failed, ${count("skipped")} skipped`);
    // Other reporters have their last word after this call; the plain line comes behind it.
    process.once("exit", () => writeSync(1, `\n${lines.join("\n")}\n`));
  }
}

function failures(tests: readonly TestCase[]): readonly string[] {
  return tests.flatMap((test) => {
    const result = test.result();
    if (result.state !== "failed") return [];
    return [`failed (${pathOf(test.module)}): ${test.fullName}: ${told(result.errors)}`];
  });
}

function pathOf(module: TestModule): string {
  return relative(process.cwd(), module.moduleId);
}

function told(errors: readonly { readonly message: string }[]): string {
  return errors.map(({ message }) => message.replaceAll(/\s+/gu, " ").slice(0, ERROR_SHOWN)).join("; ");
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
