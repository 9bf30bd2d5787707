/** What the page is told of a directory: the same of a mount as of its layers. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RowMessage } from "../../src/explore/messages.js";
import { dir, file, opaque, symlink, whiteout, type LayerNode } from "../harness/layers.js";
import { kernel, ovlfs } from "../harness/mounters.js";
import { OverlayFixture } from "../harness/overlay-fixture.js";
import { Explorer } from "./explorer.js";

const lowers: readonly LayerNode[] = [
  dir({ both: file("topmost"), d: dir({ x: file("x1"), "deleted above": file("") }), "in one": file("1"), "f over d": file("f") }),
  dir({ both: file("lower"), d: dir({ x: file("x22"), y: file("y") }), hidden: dir({ below: file("") }), gone: file("gone"), link: symlink("both"), "f over d": dir({ a: file("") }) }),
];
const upper = dir({ gone: whiteout(), hidden: opaque({ own: file("own") }), d: dir({ "deleted above": whiteout() }), new: file("12345") });

/** A row as a line: name, what is seen, and each layer with what it has; in brackets what is not seen. */
function line({ name, type, cells }: RowMessage): string {
  const shown = cells.map((cell) => {
    const words = [cell.layer, cell.type, cell.size, ...cell.marks].filter((word) => word !== undefined).join(" ");
    return cell.shown ? words : `(${words})`;
  });
  return `${name}: ${type ?? "nothing"} | ${shown.join(" | ")}`;
}

const EXPECTED = [
  "both: file | 1 file 7 | (2 file 5)",
  "d: directory | 0 directory | 1 directory | 2 directory",
  "f over d: file | 1 file 1 | (2 directory)",
  "gone: nothing | 0 whiteout | (2 file 4)",
  "hidden: directory | 0 directory opaque | (2 directory)",
  "in one: file | 1 file 1",
  "link: symlink | 2 symlink",
  "new: file | 0 file 5",
];

describe.each([["mounted by the kernel", kernel], ["mounted by ovlfs", ovlfs], ["not mounted", null]] as const)("explore of layers %s", (name, mounter) => {
  let fixture: OverlayFixture;
  let explorer: Explorer;

  beforeEach(async (context) => {
    const missing = (mounter ?? kernel).unavailable();
    if (missing !== null) context.skip(missing);
    fixture = new OverlayFixture(mounter ?? kernel, { lowers, upper });
    fixture.start();
    const layers = fixture.lowers.map((lower) => lower.path).join(":");
    explorer = await Explorer.start(mounter === null ? ["--lower", layers, "--upper", fixture.upper.path] : [fixture.merged.path], fixture.place);
  });

  afterEach(() => {
    explorer.kill();
    expect(fixture.lowerChanges()).toEqual([]);
    fixture.end();
  });

  it("shows what each layer has under each name, and what of it is seen", async () => {
    const overview = await explorer.overview();
    expect(overview.layers.map(({ label, path }) => [label, path])).toEqual([
      ["upper", fixture.upper.path], ["lower 1", fixture.lowers[0]!.path], ["lower 2", fixture.lowers[1]!.path],
    ]);
    expect([overview.merged, name.includes(overview.what.split(" ").at(-1)!)]).toEqual([mounter === null ? null : fixture.merged.path, true]);
    const { rows, total, more } = await explorer.directory("");
    expect(rows.map(line)).toEqual(EXPECTED);
    expect([total, more]).toEqual([EXPECTED.length, false]);
    expect((await explorer.directory("d")).rows.map(line)).toEqual([
      "deleted above: nothing | 0 whiteout | (1 file 0)", "x: file | 1 file 2 | (2 file 3)", "y: file | 2 file 1",
    ]);
    expect((await explorer.directory("hidden")).rows.map(line)).toEqual(["below: nothing | (2 file 0)", "own: file | 0 file 3"]);
  });

  it("a row is as its line in the directory", async () => {
    for (const expected of EXPECTED) expect(line((await explorer.row(expected.split(":")[0]!))!)).toBe(expected);
    expect(await explorer.row("nowhere")).toBeNull();
  });

  it("explains each name", async () => {
    for (const expected of EXPECTED) {
      const { answer, steps } = await explorer.explain(expected.split(":")[0]!);
      expect(answer).not.toBe("");
      expect(steps.length).toBeGreaterThan(0);
    }
  });
});

describe("explore of a large directory", () => {
  it("gives it in parts that are all of it", async (context) => {
    const missing = kernel.unavailable();
    if (missing !== null) context.skip(missing);
    const count = 5000;
    const fixture = new OverlayFixture(kernel, { lowers: [dir(), dir({ many: dir(Object.fromEntries(Array.from({ length: count }, (_, i) => [`file ${i}`, file()]))) })] });
    try {
      fixture.start();
      const explorer = await Explorer.start([fixture.merged.path], fixture.place);
      const names = new Set<string>();
      for (let more = true; more;) {
        const part = await explorer.directory("many", names.size);
        expect(part.total).toBe(count);
        for (const { name } of part.rows) names.add(name);
        more = part.more;
      }
      expect(names.size).toBe(count);
      expect(await explorer.interrupt()).toBe(0);
      expect(fixture.lowerChanges()).toEqual([]);
    } finally {
      fixture.end();
    }
  });
});
