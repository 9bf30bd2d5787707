/** Data-only lowers: behind `::` they give data to metacopies, and show no names. */
import { expect } from "vitest";
import { dir, file, type LayerNode } from "../harness/layers.js";
import { overlay, type CaseBody, type Collect, type Scene } from "../harness/overlay-cases.js";
import type { OverlayFixture } from "../harness/overlay-fixture.js";
import { outcome } from "../harness/syscalls.js";

const METACOPY = "trusted.overlay.metacopy";

function metacopy(size: number, redirect: string, mode = 0o644): LayerNode {
  return { ...file("", { mode, xattrs: { [METACOPY]: "", "trusted.overlay.redirect": redirect } }), size } as LayerNode;
}

/** Two data-only layers; the first that has a path gives its data. */
function fillDataLayers({ lowers }: OverlayFixture): void {
  const [first, second] = lowers.slice(-2);
  for (const layer of [first!, second!]) layer.mkdir("objects");
  first!.write("objects/1", "content");
  first!.create("unseen");
  second!.write("objects/1", "another");
  second!.write("objects/2", "second");
}

const scene: Scene = { lower: { f: metacopy(7, "/objects/1", 0o600), g: metacopy(6, "/objects/2"), d: dir({ deep: metacopy(7, "/objects/1") }), plain: file("plain") } };

const seesData: CaseBody = ({ merged, lower, fixture }) => {
  expect(merged.list()).toEqual(["d", "f", "g", "plain"]);
  expect([merged.read("f"), merged.read("g"), merged.read("d/deep"), merged.read("plain")]).toEqual(["content", "second", "content", "plain"]);
  expect(merged.stat("f")).toMatchObject({ mode: "600", size: 7, ino: lower.stat("f").ino });
  expect(new Set(["f", "d/deep"].map((name) => merged.stat(name).ino)).size).toBe(2);
  expect(merged.xattrs("f")).toEqual([]);
  expect(outcome(() => fixture.merged.stat("objects"))).toBe("ENOENT");
  expect(outcome(() => fixture.merged.stat("unseen"))).toBe("ENOENT");
};

function declareCases(it: Collect): void {
  it("names of data-only layers are not seen, their data is", scene, seesData);

  it("a write copies the data up, and leaves no mark", scene, ({ merged, upper }) => {
    merged.append("f", "!");
    expect(upper.read("f")).toBe("content!");
    expect(upper.xattrs("f")).not.toContain(METACOPY);
    expect(merged.stat("f").mode).toBe("600");
  });

  it("data that is missing is refused when it is read, not when it is looked up", { lower: { f: metacopy(7, "/missing") }, ownWay: "a walk stops at what can't be read" }, ({ merged }) => {
    expect(merged.stat("f").size).toBe(7);
    expect(outcome(() => merged.read("f"))).toBe("ENOENT");
    merged.unlink("f");
  });
}

const setup = { dataLayers: 2, prepare: fillDataLayers };

overlay("data-only layers", setup, (it) => {
  declareCases(it);

  it("without metacopy=on a change of mode copies the data up", scene, ({ merged, upper }) => {
    merged.chmod("g", 0o640);
    expect(upper.xattrs("g")).not.toContain(METACOPY);
    expect(upper.read("g")).toBe("second");
  });
});

overlay("data-only layers with metacopy=on", { ...setup, options: ["metacopy=on"] }, (it) => {
  declareCases(it);

  it("with metacopy=on a change of mode goes on reading the data layer", scene, ({ merged, upper, remount }) => {
    merged.chmod("f", 0o640);
    merged.rename("g", "d/g");
    remount();
    expect(upper.xattrs("f")).toContain(METACOPY);
    expect(upper.xattrs("d/g")).toContain(METACOPY);
    expect([merged.read("f"), merged.read("d/g")]).toEqual(["content", "second"]);
    merged.append("d/g", "!");
    expect(upper.read("d/g")).toBe("second!");
  });
});

/** Redirects between lowers are not followed here, and those to a data-only layer are all the same. */
function declareUnfollowed(it: Collect, prefix: string): void {
  const leading = (redirect?: string): LayerNode =>
    ({ ...file("", { xattrs: { [`${prefix}.overlay.metacopy`]: "", ...(redirect === undefined ? {} : { [`${prefix}.overlay.redirect`]: redirect }) } }), size: 7 } as LayerNode);

  it("a redirect to a data-only layer is followed", { lower: { f: leading("/objects/1") } }, ({ merged, upper }) => {
    expect(merged.read("f")).toBe("content");
    merged.append("f", "!");
    expect(upper.read("f")).toBe("content!");
  });

  it("a metacopy of the upper is refused", { lower: { d: dir() }, upper: { u: leading("/objects/1") }, ownWay: "a walk stops at what is refused" }, ({ merged, upper }) => {
    expect(outcome(() => merged.stat("u"))).toBe("EPERM");
    upper.unlink("u");
  });
}

overlay("data-only layers with userxattr", { ...setup, options: ["userxattr"] }, (it) => { declareUnfollowed(it, "user"); });
overlay("data-only layers with redirect_dir=nofollow", { ...setup, options: ["redirect_dir=nofollow"] }, (it) => { declareUnfollowed(it, "trusted"); });

overlay("data-only layers without an upper", { ...setup, withoutUpper: true }, (it) => {
  it("data is read without an upper too", scene, seesData);
});
