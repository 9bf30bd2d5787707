/** What `npm pack` would put into the tarball: all that an installation needs, and nothing else. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { mustRun } from "../harness/processes.js";

const root = join(import.meta.dirname, "../..");

function packed(): readonly string[] {
  const [tarball] = JSON.parse(mustRun("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: root })) as [{ readonly files: readonly { readonly path: string }[] }];
  return tarball.files.map(({ path }) => path);
}

it("the tarball has the program, its sources in C, the docs, and nothing of a checkout or of this machine", () => {
  const files = packed();
  expect(files).toEqual(expect.arrayContaining([
    "bin/ovlfs", "binding.gyp", "launcher/ovlfs.c", "native-bindings/module.c", "scripts/build-addon", "dist/index.js", "dist/index.d.ts",
    "dist/cli/start.cjs", "dist/cli/bundle.cjs", "dist/cli/keep-code.js", "docs/mount.md", "man/ovlfs.1", "README.md", "LICENSE", "package.json",
  ]));
  const wanted = /^(bin\/ovlfs|binding\.gyp|package\.json|README\.md|LICENSE|scripts\/build-addon|(dist|docs|launcher|man|native-bindings)\/.*)$/;
  expect(files.filter((path) => !wanted.test(path) || /\/(bundle\.code|node-text\.json)$/.test(path))).toEqual([]);
});
