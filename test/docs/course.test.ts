/** docs/overlayfs.md and docs/surprises.md do what they show, and the pictures are of what happens. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { run } from "../harness/processes.js";
import { perform, shown } from "../pictures/scenes.js";
import { drawScene } from "../pictures/svg.js";
import { performed, promised } from "./console.js";

const docs = join(import.meta.dirname, "../../docs");
const has = (program: string): boolean => run("sh", ["-c", `command -v ${program}`]).status === 0;
const lacking = ["getfattr", "python3"].find((program) => !has(program));
const missing = process.geteuid!() !== 0 ? "root is needed" : lacking === undefined ? null : `${lacking} is not installed`;
if (missing !== null) console.log(`skipped: the course and its pictures, ${missing}`);

describe.runIf(missing === null)("the course", () => {
  it.each(["README.md", "docs/overlayfs.md", "docs/surprises.md"])("%s prints what it shows", (document) => {
    const steps = promised(document);
    expect(steps.length).toBeGreaterThan(8);
    expect(performed(steps)).toEqual(steps);
  });

  it("its pictures show what the steps of the tour do", async () => {
    const scenes = await perform();
    expect(scenes.map((scene) => scene.shown)).toEqual(shown);
    for (const scene of scenes) expect(readFileSync(join(docs, "pictures", `${scene.shown.file}.svg`), "utf8")).toBe(drawScene(scene));
  });

  it("each picture stands in the text", () => {
    const text = readFileSync(join(docs, "overlayfs.md"), "utf8");
    for (const { file } of shown) expect(text).toContain(`(pictures/${file}.svg)`);
  });
});
