/** Limits: the longest names and paths, the deepest trees, the most layers. */
import { expect } from "vitest";
import { buildLayer, dir, file, OLD } from "../harness/layers.js";
import { overlay } from "../harness/overlay-cases.js";
import type { OverlayFixture } from "../harness/overlay-fixture.js";
import { check, outcome, raw } from "../harness/syscalls.js";
import { AT_FDCWD, O_DIRECTORY, O_RDONLY } from "../../src/sys/constants.js";
import { native } from "../../src/sys/native.js";

const LONGEST = "n".repeat(255);
const STEP = "deep".repeat(50);
const DEPTH = 25;

/** Goes `DEPTH` directories down from `start`, making each where asked; answers a tree at the deepest. */
function descend(start: string, make: boolean): { readonly path: string; readonly close: () => void } {
  let fd = check(native.openat(AT_FDCWD, raw(start), O_RDONLY | O_DIRECTORY, 0), "open");
  for (let step = 0; step < DEPTH; step++) {
    if (make) check(native.mkdirat(fd, raw(STEP), 0o755), "mkdirat");
    const next = check(native.openat(fd, raw(STEP), O_RDONLY | O_DIRECTORY, 0), "openat");
    native.close(fd);
    fd = next;
  }
  return { path: `/proc/self/fd/${fd}`, close: () => { native.close(fd); } };
}

overlay("limits", {}, (it) => {
  it("a name of 255 bytes is made, found, renamed, listed and deleted", { lower: { [LONGEST]: file("x") } }, ({ merged, upper }) => {
    expect(merged.read(LONGEST)).toBe("x");
    merged.rename(LONGEST, "m".repeat(255));
    merged.mkdir("d".repeat(255));
    expect(merged.list()).toEqual(["d".repeat(255), "m".repeat(255)]);
    merged.unlink("m".repeat(255));
    expect(upper.stat(LONGEST).device).toBe("0,0");
    expect(merged.list()).toEqual(["d".repeat(255)]);
  });

  it("a name of 256 bytes is refused with ENAMETOOLONG by every call", { lower: { f: file("x") } }, ({ merged, upper }) => {
    const long = "n".repeat(256);
    const acts: readonly (() => unknown)[] = [
      () => merged.stat(long), () => merged.read(long), () => { merged.write(long, "x"); }, () => { merged.mkdir(long); }, () => { merged.symlink("t", long); },
      () => { merged.mknod(long, "fifo"); }, () => { merged.link("f", long); }, () => { merged.rename("f", long); }, () => { merged.unlink(long); }, () => { merged.rmdir(long); },
    ];
    expect(acts.map(outcome)).toEqual(acts.map(() => "ENAMETOOLONG"));
    expect(merged.list()).toEqual(["f"]);
    expect(upper.exists(long.slice(1))).toBe(false);
  });

  it("a path of more than 4,095 bytes is refused with ENAMETOOLONG", { lower: { d: dir({ f: file() }) } }, ({ merged }) => {
    const path = `${"d/../".repeat(820)}d/f`;
    expect(outcome(() => merged.stat(path))).toBe("ENAMETOOLONG");
    expect(merged.exists(`${"d/../".repeat(700)}d/f`)).toBe(true);
  });

  it("a directory with 5,000 names over two layers is listed, and emptied", {
    lower: [{ d: dir(Object.fromEntries(Array.from({ length: 2500 }, (_, index) => [`a${index}`, file()]))) }, { d: dir(Object.fromEntries(Array.from({ length: 2500 }, (_, index) => [`b${index}`, file()]))) }],
  }, ({ merged, upper }) => {
    expect(merged.list("d").length).toBe(5000);
    merged.removeAll("d");
    expect(upper.stat("d").device).toBe("0,0");
  });
});

overlay("deep trees", {
  prepare: (fixture: OverlayFixture) => {
    const top = fixture.lowers[0]!;
    top.mkdir("deep");
    const bottom = descend(top.at("deep"), true);
    buildLayer(`${bottom.path}/floor`, dir({ f: file("at the bottom", { mode: 0o640 }) }));
    bottom.close();
  },
}, (it) => {
  it("a lower tree deeper than a path can be long is entered, changed and read", { needs: ["long-paths"], lower: { other: file() } }, ({ fixture }) => {
    const bottom = descend(fixture.merged.at("deep"), false);
    const floor = fixture.merged.elsewhere(`${bottom.path}/floor`);
    expect(floor.read("f")).toBe("at the bottom");
    floor.append("f", ", changed");
    floor.mkdir("made");
    floor.rename("f", "made/g");
    expect(floor.read("made/g")).toBe("at the bottom, changed");
    expect(floor.list()).toEqual(["made"]);
    bottom.close();
    const above = descend(fixture.upper.at("deep"), false);
    expect(fixture.upper.elsewhere(`${above.path}/floor`).stat("made/g")).toMatchObject({ mode: "640", size: 22 });
    above.close();
  });

  it("a tree deeper than a path can be long is made and deleted", { needs: ["long-paths"], lower: { d: dir() } }, ({ merged }) => {
    const bottom = descend(merged.at("d"), true);
    buildLayer(`${bottom.path}/f`, file("x"));
    expect(merged.elsewhere(bottom.path).stat("f").mtime).toBe(OLD);
    bottom.close();
    merged.rename(`d/${STEP}`, "top");
    expect(merged.list("d")).toEqual([]);
  });
});

const LAYERS = 500;

overlay("500 lowers", {}, (it) => {
  it("a file of each of 500 lowers is read, and the topmost of a name wins",
    { lower: Array.from({ length: LAYERS }, (_, index) => ({
      [`own${index}`]: file(`of ${index}`), ...(index % 50 === 0 ? { common: file(`common of ${index}`) } : {}), ...(index % 50 === 49 ? { d: dir({ [`in${index}`]: file(String(index)) }) } : {}),
    })) },
    ({ merged, upper }) => {
      for (let index = 0; index < LAYERS; index++) expect(merged.read(`own${index}`)).toBe(`of ${index}`);
      expect(merged.read("common")).toBe("common of 0");
      expect(merged.list("d").length).toBe(LAYERS / 50);
      expect(merged.read("d/in499")).toBe("499");
      merged.append("own499", "!");
      merged.unlink("d/in249");
      expect(merged.list("d").length).toBe(LAYERS / 50 - 1);
      expect(upper.read("own499")).toBe("of 499!");
      expect(outcome(() => merged.stat("missing"))).toBe("ENOENT");
    });
});
