/** Overlays that can't be changed: without an upper, or mounted read-only. */
import { expect } from "vitest";
import { dir, file, symlink, whiteout, type LayerTree } from "../harness/layers.js";
import { overlay, type CaseBody } from "../harness/overlay-cases.js";
import { outcome } from "../harness/syscalls.js";
import { O_CREAT, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } from "../../src/sys/constants.js";

const layers: readonly LayerTree[] = [{ f: file("top"), d: dir({ a: file() }), gone: whiteout() }, { f: file("bottom"), d: dir({ b: file() }), gone: file(), l: symlink("f") }];

const refusesAll: CaseBody = ({ merged }) => {
  const acts: readonly (() => unknown)[] = [
    () => merged.open("f", O_WRONLY), () => merged.open("f", O_RDWR), () => merged.open("f", O_RDONLY | O_TRUNC), () => merged.open("new", O_WRONLY | O_CREAT),
    () => { merged.mkdir("new"); }, () => { merged.symlink("t", "new"); }, () => { merged.mknod("new", "fifo"); }, () => { merged.link("f", "new"); },
    () => { merged.unlink("f"); }, () => { merged.rmdir("d"); }, () => { merged.rename("f", "new"); }, () => { merged.chmod("f", 0o600); }, () => { merged.chown("f", 1, 1); },
    () => { merged.setMtime("f", 1, 1); }, () => { merged.setXattr("f", "user.x", "y"); }, () => { merged.removeXattr("f", "user.x"); },
  ];
  expect(acts.map(outcome)).toEqual(acts.map(() => "EROFS"));
  expect(outcome(() => merged.mkdir("d"))).toBe("EEXIST");
  expect(outcome(() => merged.stat("missing"))).toBe("ENOENT");
  expect(merged.list()).toEqual(["d", "f", "l"]);
};

const showsAll: CaseBody = ({ merged }) => {
  expect(merged.list()).toEqual(["d", "f", "l"]);
  expect(merged.list("d")).toEqual(["a", "b"]);
  expect(merged.read("f")).toBe("top");
  expect(merged.read("l")).toBe("top");
  expect(merged.stat("f")).toMatchObject({ mode: "644", size: 3 });
  expect(outcome(() => merged.stat("gone"))).toBe("ENOENT");
};

overlay("an overlay without an upper", { withoutUpper: true }, (it) => {
  it("shows the merge of its lowers", { lower: layers }, showsAll);
  it("refuses every change with EROFS", { lower: layers }, refusesAll);
});

overlay("an overlay mounted read-only", { options: ["ro"] }, (it) => {
  it("shows the upper over the lowers", { lower: layers, upper: { u: file("upper"), f: whiteout() } }, ({ merged }) => {
    expect(merged.list()).toEqual(["d", "l", "u"]);
    expect(merged.read("u")).toBe("upper");
  });
  it("refuses every change with EROFS, and the upper stays empty", { lower: layers }, async (view) => {
    await refusesAll(view);
    expect(view.upper.exists("")).toBe(false);
  });
});
