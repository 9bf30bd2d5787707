/** The rest of the format on disk: redirects, whiteouts as xattrs, and overlay xattrs that are data of a nested overlay. */
import { expect } from "vitest";
import { dir, file, opaque, whiteout, type LayerNode } from "../harness/layers.js";
import { overlay } from "../harness/overlay-cases.js";
import { outcome } from "../harness/syscalls.js";

const REDIRECT = "trusted.overlay.redirect";
/** A whiteout as an empty file with an xattr, for layers on file systems without device nodes. */
const xattrWhiteout = (): LayerNode => file("", { xattrs: { "trusted.overlay.whiteout": "y" } });
/** A directory that says it may hold such whiteouts. */
const withXattrWhiteouts = (children: Readonly<Record<string, LayerNode>>): LayerNode => dir(children, { xattrs: { "trusted.overlay.opaque": "x" } });

overlay("format", {}, (it) => {
  it("a redirected directory shows the lower directory of its old name", {
    lower: { old: dir({ f: file("content"), s: dir({ g: file() }) }) },
    upper: { new: dir({ up: file() }, { xattrs: { [REDIRECT]: "old" } }), old: whiteout() },
  }, ({ merged, upper }) => {
    expect(merged.list()).toEqual(["new"]);
    expect(merged.list("new")).toEqual(["f", "s", "up"]);
    expect(merged.read("new/f")).toBe("content");
    expect(merged.list("new/s")).toEqual(["g"]);
    merged.append("new/f", "!");
    merged.unlink("new/s/g");
    expect(upper.read("new/f")).toBe("content!");
    expect(upper.stat("new/s/g").device).toBe("0,0");
    expect(outcome(() => merged.stat("old"))).toBe("ENOENT");
  });

  it("a redirect in a middle layer goes on in the layers below", {
    lower: [{ new: dir({ top: file() }) }, { new: dir({ middle: file() }, { xattrs: { [REDIRECT]: "old" } }), old: whiteout() }, { old: dir({ bottom: file() }), new: dir({ not: file() }) }],
  }, ({ merged }) => {
    expect(merged.list("new")).toEqual(["bottom", "middle", "top"]);
    expect(merged.list()).toEqual(["new"]);
  });

  it("an absolute redirect starts at the root of the layers", {
    lower: { deep: dir({ old: dir({ f: file("content") }) }) },
    upper: { deep: dir({ old: whiteout() }), moved: dir({}, { xattrs: { [REDIRECT]: "/02-an-absolute-redirect-starts-at-t/deep/old" } }) },
  }, ({ merged }) => {
    expect(merged.list()).toEqual(["deep", "moved"]);
    expect(merged.read("moved/f")).toBe("content");
    expect(merged.list("deep")).toEqual([]);
  });

  it("a redirected directory can't be renamed, as any merged one", {
    lower: { old: dir({ f: file() }) }, upper: { new: dir({}, { xattrs: { [REDIRECT]: "old" } }), old: whiteout() },
  }, ({ merged }) => {
    expect(outcome(() => merged.rename("new", "newer"))).toBe("EXDEV");
  });

  it("a redirected directory that is emptied can be removed", {
    lower: { old: dir({ f: file() }) }, upper: { new: dir({}, { xattrs: { [REDIRECT]: "old" } }), old: whiteout() },
  }, ({ merged, upper }) => {
    merged.unlink("new/f");
    merged.rmdir("new");
    expect(merged.list()).toEqual([]);
    expect(upper.list()).toEqual(["old"]);
  });

  it("an empty file with the whiteout xattr hides what is below, in a directory that says so", {
    lower: [withXattrWhiteouts({ d: withXattrWhiteouts({ gone: xattrWhiteout(), kept: file() }) }), { d: dir({ gone: file("x"), low: file() }) }],
  }, ({ merged }) => {
    expect(merged.list("d")).toEqual(["kept", "low"]);
    expect(outcome(() => merged.stat("d/gone"))).toBe("ENOENT");
    merged.write("d/gone", "again");
    expect(merged.read("d/gone")).toBe("again");
  });

  it("overlay xattrs that a layer has escaped are plain data one level up", {
    lower: { d: dir({ f: file() }, { xattrs: { "trusted.overlay.overlay.opaque": "y" } }), n: dir({}, { xattrs: { "trusted.overlay.overlay.overlay.origin": "deep" } }) },
  }, ({ merged, upper }) => {
    expect(merged.xattrs("d")).toEqual(["trusted.overlay.opaque"]);
    expect(merged.xattrs("n")).toEqual(["trusted.overlay.overlay.origin"]);
    expect(merged.list("d")).toEqual(["f"]);
    merged.create("d/g");
    expect(upper.xattr("d", "trusted.overlay.overlay.opaque")).toBe("y");
    expect(merged.list("d")).toEqual(["f", "g"]);
  });

  it("an opaque mark on a lower's root directory of a case hides the layers below it", { lower: [opaque({ a: file() }), { b: file() }] }, ({ merged }) => {
    expect(merged.list()).toEqual(["a"]);
  });
});
