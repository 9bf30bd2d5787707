/** Layers that several overlays use: at once, one after the other, or one on top of the other. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { dir, file, symlink, whiteout } from "../harness/layers.js";
import { overlay, type CaseView } from "../harness/overlay-cases.js";
import { Tree } from "../harness/tree.js";

interface Beside {
  readonly merged: Tree;
  readonly upper: Tree;
}

/** Mounts another overlay over `lowers`, with an upper of its own that `name` names, and unmounts it after `act`. */
function beside<T>({ fixture }: CaseView, name: string, lowers: readonly string[], act: (other: Beside) => T, options?: readonly string[]): T {
  const at = (part: string): string => join(fixture.place, `${name}-${part}`);
  for (const part of ["upper", "work", "merged"]) mkdirSync(at(part), { recursive: true });
  const other = { merged: new Tree(at("merged")), upper: new Tree(at("upper")) };
  fixture.mounter.mount({ cwd: fixture.place, lowers, upper: at("upper"), work: at("work"), merged: at("merged"), options });
  try {
    return act(other);
  } finally {
    other.merged.closeAll();
    fixture.mounter.unmount(at("merged"));
  }
}

overlay("sharing layers", {}, (it) => {
  it("one lower serves two overlays at once, each with changes of its own", { lower: { f: file("low"), d: dir({ g: file() }) } }, (view) => {
    view.merged.append("f", " first");
    beside(view, "second", [view.lower.path], ({ merged }) => {
      merged.append("f", " second");
      merged.unlink("d/g");
      expect(merged.read("f")).toBe("low second");
      expect(merged.list("d")).toEqual([]);
      expect(view.merged.read("f")).toBe("low first");
      expect(view.merged.list("d")).toEqual(["g"]);
    });
    expect(view.lower.read("f")).toBe("low");
  });

  it("an upper can go over another lower the next time", { lower: [{ f: file("one"), a: file() }, { f: file("two"), b: file() }] }, (view) => {
    const [one, two] = view.lowers;
    beside(view, "moved", [one!.path], ({ merged }) => {
      merged.append("f", "!");
      merged.create("new");
      merged.unlink("a");
    });
    beside(view, "moved", [two!.path], ({ merged }) => {
      expect(merged.list()).toEqual(["b", "f", "new"]);
      expect(merged.read("f")).toBe("one!");
    });
  });

  it("what was done to the upper while nothing was mounted is shown by the next mount", { lower: { f: file("low"), g: file("low"), d: dir({ a: file() }) } }, ({ merged, upper, fixture }) => {
    merged.chmod("f", 0o600);
    merged.chmod("d", 0o700);
    merged.unlink("g");
    fixture.unmount();
    upper.write("f", "offline");
    upper.write("new", "offline");
    upper.unlink("g");
    upper.mknod("d/a", "character", 0o600, 0, 0);
    fixture.mount();
    expect(merged.list()).toEqual(["d", "f", "g", "new"]);
    expect(merged.read("f")).toBe("offline");
    expect(merged.read("g")).toBe("low");
    expect(merged.list("d")).toEqual([]);
  });

  it("a merged directory can be a lower of another overlay, with what is deleted there",
    { lower: { f: file("low"), gone: file(), l: symlink("f"), d: dir({ a: file() }) }, upper: { gone: whiteout(), u: file("up") } }, (view) => {
      beside(view, "nested", [view.merged.path], ({ merged, upper }) => {
        expect(merged.list()).toEqual(["d", "f", "l", "u"]);
        expect(merged.read("l")).toBe("low");
        merged.append("f", " nested");
        merged.append("u", " nested");
        merged.unlink("d/a");
        merged.rmdir("d");
        merged.mkdir("d");
        merged.rename("l", "m");
        expect(merged.read("m")).toBe("low nested");
        expect(merged.list("d")).toEqual([]);
        expect(upper.xattr("d", "trusted.overlay.opaque")).toBe("y");
      });
      expect(view.merged.list()).toEqual(["d", "f", "l", "u"]);
      expect(view.merged.read("f")).toBe("low");
      expect(view.merged.list("d")).toEqual(["a"]);
    });

  it("a volatile overlay leaves a mark, and no overlay is mounted over it until the mark is removed", { lower: { f: file("low") } }, (view) => {
    beside(view, "hasty", [view.lower.path], ({ merged }) => { merged.append("f", "!"); }, ["volatile"]);
    const work = new Tree(join(view.fixture.place, "hasty-work/work"));
    expect(work.list("incompat")).toEqual(["volatile"]);
    for (const options of [[], ["volatile"]]) {
      expect(() => { beside(view, "hasty", [view.lower.path], () => undefined, options); }).toThrow("ended with");
    }
    for (const name of work.list("incompat/volatile")) work.unlink(`incompat/volatile/${name}`);
    work.rmdir("incompat/volatile");
    beside(view, "hasty", [view.lower.path], ({ merged }) => { expect(merged.read("f")).toBe("low!"); });
  });
});
