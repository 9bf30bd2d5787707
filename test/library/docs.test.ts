/** The examples of docs/library.md as one program, against the package as it is built and exported. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Overlay, OverlayFile } from "../../src/index.js";

const root = join(import.meta.dirname, "../..");
const document = readFileSync(join(root, "docs/library.md"), "utf8");
const program = [...document.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code!).join("\n");
/** What stands behind `//` on a line that prints. */
const promised = program.split("\n").filter((line) => line.includes("console.log(")).map((line) => / \/\/ (.*)$/.exec(line)?.[1] ?? "");

describe("docs/library.md", () => {
  const directory = mkdtempSync(join(tmpdir(), "ovlfs-docs-"));
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it("promises what its examples print", ({ skip }) => {
    skip(!existsSync(join(root, "dist/index.js")), "the package is not built (npm run build)");
    writeFileSync(join(directory, "example.mjs"), program.replaceAll('"ovlfs"', JSON.stringify(exported())));
    const printed = execFileSync(process.execPath, ["example.mjs"], { cwd: directory, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    expect(printed.trim().split("\n")).toEqual(promised);
  });

  it("names every method", () => {
    const methods = [Overlay, OverlayFile].flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype));
    const unnamed = methods.filter((name) => !["constructor", "inode"].includes(name) && !document.includes(name));
    expect(unnamed).toEqual([]);
  });
});

/** What `import "ovlfs"` leads to, by the package's own exports. */
function exported(): string {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { exports: { ".": { default: string } } };
  return join(root, manifest.exports["."].default);
}
