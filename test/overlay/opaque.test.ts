/** Opaque directories: a directory of the upper that shows nothing of those below it. */
import { expect } from "vitest";
import { dir, file, opaque } from "../harness/layers.js";
import { overlay } from "../harness/overlay-cases.js";
import { outcome } from "../harness/syscalls.js";

const OPAQUE = "trusted.overlay.opaque";

overlay("opaque directories", {}, (it) => {
  it("an opaque directory of the upper hides the directory below", { lower: { d: dir({ low: file() }) }, upper: { d: opaque({ up: file() }) } }, ({ merged }) => {
    expect(merged.list("d")).toEqual(["up"]);
    expect(outcome(() => merged.stat("d/low"))).toBe("ENOENT");
  });

  it("an opaque directory of a middle layer merges upwards and hides what is below",
    { lower: [{ d: dir({ top: file() }) }, { d: opaque({ middle: file() }) }, { d: dir({ bottom: file() }) }] }, ({ merged }) => {
      expect(merged.list("d")).toEqual(["middle", "top"]);
      expect(outcome(() => merged.stat("d/bottom"))).toBe("ENOENT");
    });

  it("directories within an opaque directory hide those below too",
    { lower: { d: dir({ sub: dir({ low: file() }) }) }, upper: { d: opaque({ sub: dir({ up: file() }) }) } }, ({ merged }) => {
      expect(merged.list("d/sub")).toEqual(["up"]);
      expect(outcome(() => merged.stat("d/sub/low"))).toBe("ENOENT");
    });

  it("a directory removed and made again is opaque", { lower: { d: dir({ a: file(), sub: dir({ b: file() }) }) } }, ({ merged, upper }) => {
    merged.removeAll("d");
    merged.mkdir("d", 0o750);
    expect(merged.list("d")).toEqual([]);
    expect(upper.xattr("d", OPAQUE)).toBe("y");
    expect(merged.stat("d").mode).toBe("750");
    merged.mkdir("d/sub");
    expect(merged.list("d/sub")).toEqual([]);
  });

  it("a directory made where no lower has anything is not opaque", { lower: { a: file() } }, ({ merged, upper }) => {
    merged.mkdir("d");
    expect(upper.xattrs("d")).not.toContain(OPAQUE);
  });

  it("a directory made where a lower file was deleted is opaque", { lower: [{ x: file() }, { x: dir({ deep: file() }) }] }, ({ merged, upper }) => {
    merged.unlink("x");
    merged.mkdir("x");
    expect(merged.list("x")).toEqual([]);
    expect(upper.xattr("x", OPAQUE)).toBe("y");
  });

  it("another value of the opaque mark does not hide what is below",
    { lower: { d: dir({ low: file() }) }, upper: { d: dir({ up: file() }, { xattrs: { [OPAQUE]: "n" } }) } }, ({ merged }) => {
      expect(merged.list("d")).toEqual(["low", "up"]);
    });

  it("an opaque directory that is emptied can be removed, and leaves a whiteout where a lower has the name",
    { lower: { d: dir({ low: file() }) }, upper: { d: opaque({ up: file() }), only: opaque() } }, ({ merged, upper }) => {
      merged.unlink("d/up");
      merged.rmdir("d");
      merged.rmdir("only");
      expect(upper.stat("d")).toMatchObject({ type: "character device", device: "0,0" });
      expect(upper.list()).toEqual(["d"]);
    });

  it("a name deleted in an opaque directory leaves no whiteout", { lower: { d: dir({ f: file("low") }) }, upper: { d: opaque({ f: file("up") }) } }, ({ merged, upper }) => {
    merged.unlink("d/f");
    expect(merged.list("d")).toEqual([]);
    expect(upper.list("d")).toEqual([]);
  });

  it("an opaque directory stays so over a remount", { lower: { d: dir({ low: file() }) } }, ({ merged, remount }) => {
    merged.removeAll("d");
    merged.mkdir("d");
    merged.write("d/up", "up");
    remount();
    expect(merged.list("d")).toEqual(["up"]);
  });
});
