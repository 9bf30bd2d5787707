/** docs/fuse-overlayfs.md: each case that it refers to is there, and each option of fuse-overlayfs's own is told of. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fuseOverlayfsOptions } from "../../src/cli/fuse-overlayfs-options.js";

const docs = join(import.meta.dirname, "../../docs");
const page = readFileSync(join(docs, "fuse-overlayfs.md"), "utf8");
const links = [...page.matchAll(/\[([^\]]+)\]\((\.\.\/test\/[^)]+)\)/g)].map(([, title, target]) => ({ title: title!.replaceAll("\n", " "), target: target! }));

/** Whether a file of tests has a case, or a group of cases, of that name. */
function declares(target: string, title: string): boolean {
  const file = join(docs, target);
  if (!existsSync(file)) return false;
  const source = readFileSync(file, "utf8");
  return ["\"", "'", "`"].some((quote) => source.includes(`${quote}${title}${quote}`));
}

describe("docs/fuse-overlayfs.md", () => {
  it("refers to cases that are there", () => {
    expect(links.length).toBeGreaterThan(20);
    expect(links.filter(({ title, target }) => !declares(target, title))).toEqual([]);
  });

  it("tells of each option", () => {
    const names = fuseOverlayfsOptions.map(({ name }) => name.replace(/=\*$/, ""));
    expect(names.filter((name) => !new RegExp(`\`${name}\\b`).test(page))).toEqual([]);
  });
});
