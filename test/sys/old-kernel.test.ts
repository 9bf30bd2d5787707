import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { test } from "./sandbox.js";

const here = import.meta.dirname;
const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");

test("the same tests pass where the kernel lacks the newer calls", { timeout: 60_000 }, ({ sandbox }) => {
  const library = `${sandbox.path}/old-kernel.so`;
  const compiled = spawnSync("cc", ["-shared", "-fPIC", "-o", library, join(here, "old-kernel.c")], { encoding: "utf8" });
  expect(compiled.stderr).toBe("");
  const files = ["xattr", "attribute", "directory", "file"].map((name) => `test/sys/${name}.test.ts`);
  const run = spawnSync(process.execPath, [vitest, "run", "--configLoader", "runner", ...files], {
    cwd: join(here, "../.."), encoding: "utf8", env: { ...process.env, LD_PRELOAD: library },
  });
  expect(run.status, run.stdout + run.stderr).toBe(0);
  expect(run.stdout).toMatch(/\d\d passed/);
});
