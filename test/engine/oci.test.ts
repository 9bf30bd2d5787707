/** The option whiteouts=oci: the marks of OCI layers are read, and written where the upper takes no device nodes. */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { OverlayOptions } from "../../src/engine/options.js";
import { E, fail } from "../../src/sys/errno.js";
import { Fixture, isRoot, name, ROOT } from "./fixture.js";

/** An overlay with whiteouts=oci. */
class OciFixture extends Fixture {
  override get options(): OverlayOptions { return { ...super.options, whiteouts: "oci" }; }
}

let overlay: Fixture;

describe.runIf(isRoot)("the marks of OCI layers", () => {
  beforeEach(() => { overlay = new OciFixture(3); });
  afterEach(() => overlay.close());

  test("a mark hides the file or directory of its name in the layers below", () => {
    overlay.file("lower2", "f", "hidden");
    overlay.file("lower3", "d/f", "hidden");
    overlay.file("lower1", ".wh.f");
    overlay.file("lower2", ".wh.d");
    expect(overlay.list(overlay.engine.root)).toEqual([]);
    expect([overlay.find("f"), overlay.find("d")]).toEqual([fail(E.ENOENT), fail(E.ENOENT)]);
  });

  test("a mark hides nothing of its own layer: a file stays, a directory is opaque", () => {
    overlay.file("lower3", "f", "hidden");
    overlay.file("lower3", "d/old");
    overlay.file("lower2", ".wh.f");
    overlay.file("lower2", "f", "shown");
    overlay.file("lower2", ".wh.d");
    overlay.file("lower2", "d/new");
    expect(overlay.list(overlay.engine.root)).toEqual(["d", "f"]);
    expect(overlay.read(overlay.at("f"))).toBe("shown");
    expect(overlay.list(overlay.at("d"))).toEqual(["new"]);
  });

  test("a mark and the kernel's whiteouts hide alike, whichever layer has which", () => {
    overlay.file("lower3", "a");
    overlay.file("lower3", "b");
    overlay.run("mknod", overlay.path("lower2", "a"), "c", "0", "0");
    overlay.file("lower1", ".wh.a");
    overlay.file("lower2", ".wh.b");
    overlay.run("mknod", overlay.path("upper", "b"), "c", "0", "0");
    expect(overlay.list(overlay.engine.root)).toEqual([]);
    expect([overlay.find("a"), overlay.find("b")]).toEqual([fail(E.ENOENT), fail(E.ENOENT)]);
  });

  test(".wh..wh..opq makes its directory opaque, and fuse-overlayfs's xattr does", () => {
    for (const directory of ["a", "b"]) {
      overlay.file("lower3", `${directory}/old`);
      overlay.file("lower2", `${directory}/middle`);
      overlay.file("lower1", `${directory}/new`);
    }
    overlay.file("lower2", "a/.wh..wh..opq");
    overlay.run("setfattr", "-n", "user.fuseoverlayfs.opaque", "-v", "y", overlay.path("lower2", "b"));
    expect(overlay.list(overlay.at("a"))).toEqual(["middle", "new"]);
    expect(overlay.list(overlay.at("b"))).toEqual(["middle", "new"]);
  });

  test(".wh..wh..opq at the root of a layer hides all layers below", () => {
    overlay.file("lower3", "old");
    overlay.file("lower2", ".wh..wh..opq");
    overlay.file("lower2", "new");
    expect(overlay.list(overlay.engine.root)).toEqual(["new"]);
    expect(overlay.find("old")).toBe(fail(E.ENOENT));
    overlay.file("upper", ".wh..wh..opq");
    overlay.reopen();
    expect(overlay.list(overlay.engine.root)).toEqual([]);
  });

  test("names of marks are not seen and can't be given", () => {
    overlay.file("lower1", "d/.wh..wh.plnk");
    overlay.file("lower1", "f");
    const { engine } = overlay;
    const d = overlay.at("d");
    expect(overlay.list(d)).toEqual([]);
    expect(overlay.find("d/.wh..wh.plnk")).toBe(fail(E.ENOENT));
    const wh = name(".wh.x");
    expect(engine.create(d, wh, 0o644, ROOT)).toBe(fail(E.EINVAL));
    expect(engine.mkdir(d, wh, 0o755, ROOT)).toBe(fail(E.EINVAL));
    expect(engine.symlink(d, wh, name("t"), ROOT)).toBe(fail(E.EINVAL));
    expect(engine.link(overlay.at("f"), d, wh)).toBe(fail(E.EINVAL));
    expect(engine.rename(engine.root, name("f"), d, wh, 0)).toBe(-E.EINVAL);
    expect(overlay.read(overlay.at("f"))).toBe("");
  });

  test("where many names are missed, what is known of them knows of marks too", () => {
    overlay.file("lower3", "hidden");
    overlay.file("lower2", ".wh.hidden");
    overlay.file("lower3", "shown");
    for (let i = 0; i < 200; i++) expect(overlay.find(`none${i}`)).toBe(fail(E.ENOENT));
    expect(overlay.engine.root.lowerNames).toBeTruthy();
    expect(overlay.find("hidden")).toBe(fail(E.ENOENT));
    expect(overlay.at("shown").isDirectory).toBe(false);
  });

  test("what is made where a mark of the upper stands takes its place", () => {
    overlay.file("lower1", "d/old");
    overlay.file("lower1", "f", "old");
    overlay.file("lower1", "l", "old");
    for (const mark of ["d", "f", "l"]) overlay.file("upper", `.wh.${mark}`);
    const { engine } = overlay;
    engine.mkdir(engine.root, name("d"), 0o755, ROOT);
    engine.create(engine.root, name("f"), 0o644, ROOT);
    engine.link(overlay.at("f"), engine.root, name("l"));
    expect(readdirSync(overlay.path("upper")).sort()).toEqual(["d", "f", "l"]);
    overlay.reopen();
    expect(overlay.list(overlay.at("d"))).toEqual([]);
    expect(overlay.read(overlay.at("l"))).toBe("");
  });

  test("without the option they are ordinary files", () => {
    overlay.file("lower1", ".wh.f");
    overlay.file("lower2", "f");
    overlay.reopenWith({ ...overlay.options, whiteouts: "overlay" });
    expect(overlay.list(overlay.engine.root)).toEqual([".wh.f", "f"]);
  });

  test("what is deleted leaves the kernel's whiteouts where the upper takes them", () => {
    overlay.file("lower1", "f");
    overlay.file("lower1", "d/f");
    const { engine } = overlay;
    expect(engine.unlink(engine.root, name("f"))).toBe(0);
    expect(engine.unlink(overlay.at("d"), name("f"))).toBe(0);
    expect(engine.rmdir(engine.root, name("d"))).toBe(0);
    expect([overlay.inUpper("f"), overlay.inUpper("d")]).toEqual(["whiteout", "whiteout"]);
    engine.mkdir(engine.root, name("d"), 0o755, ROOT);
    expect(overlay.xattr("upper/d", "trusted.overlay.opaque")).toBe("y");
  });

  test("the xattrs of fuse-overlayfs are hidden, can't be set, and are not copied up", () => {
    overlay.file("lower1", "f");
    overlay.run("setfattr", "-n", "user.fuseoverlayfs.origin", "-v", "f", overlay.path("lower1", "f"));
    overlay.run("setfattr", "-n", "user.other", "-v", "x", overlay.path("lower1", "f"));
    const f = overlay.at("f");
    expect(overlay.engine.listxattr(f).toString()).toBe("user.other\0");
    expect(overlay.engine.setxattr(f, name("user.fuseoverlayfs.opaque"), Buffer.from("y"), 0)).toBe(-E.EOPNOTSUPP);
    expect(overlay.engine.copyUp(f)).toBe(0);
    expect(overlay.xattr("upper/f", "user.fuseoverlayfs.origin")).toBeNull();
    expect(overlay.xattr("upper/f", "user.other")).toBe("x");
  });
});

/** Where upper and work lie: on an overlay, which takes no whiteouts, and whose own upper takes xattrs or does not. */
class BareFixture extends OciFixture {
  constructor(readonly fileSystem: "tmpfs" | "ramfs") {
    super(2);
    mkdirSync(this.path("outer"));
    this.run("mount", "-t", fileSystem, "none", this.path("outer"));
    for (const part of ["l", "u", "w", "m"]) mkdirSync(this.path("outer", part));
    const outer = `lowerdir=${this.path("outer/l")},upperdir=${this.path("outer/u")},workdir=${this.path("outer/w")}`;
    this.run("mount", "-t", "overlay", "-o", outer, "none", this.path("outer/m"));
    for (const part of ["upper", "work"]) mkdirSync(this.path("outer/m", part));
  }

  override get options(): OverlayOptions {
    return { ...super.options, upper: this.bytes("outer/m/upper"), work: this.bytes("outer/m/work") };
  }

  inBare(directory = ""): string[] { return readdirSync(this.path("outer/m/upper", directory)).sort(); }

  /** Names left in the work directory. */
  leftovers(): string[] { return readdirSync(this.path("outer/m/work/work")); }

  override close(): void {
    this.engine.close();
    this.run("umount", this.path("outer/m"));
    this.run("umount", this.path("outer"));
    super.close();
  }
}

describe.runIf(isRoot).each(["tmpfs", "ramfs"] as const)("on an upper without device nodes, over %s", (fileSystem) => {
  let bare: BareFixture;
  beforeEach(() => { bare = new BareFixture(fileSystem); });
  afterEach(() => {
    expect(bare.leftovers()).toEqual([]);
    bare.close();
  });

  test("whiteouts=overlay is refused, and says what helps", () => {
    bare.open();
    expect(() => bare.reopenWith({ ...bare.options, whiteouts: "overlay" })).toThrow(/takes no whiteouts \(EPERM\).*use whiteouts=oci/);
    bare.reopen();
  });

  test("a deleted file of a lower leaves a mark, and one that was copied up goes with it", () => {
    bare.file("lower1", "a");
    bare.file("lower2", "b");
    const { engine } = bare;
    expect(engine.copyUp(bare.at("b"))).toBe(0);
    expect([engine.unlink(engine.root, name("a")), engine.unlink(engine.root, name("b"))]).toEqual([0, 0]);
    expect(bare.inBare()).toEqual([".wh.a", ".wh.b"]);
    expect(bare.list(engine.root)).toEqual([]);
    bare.reopen();
    expect(bare.list(bare.engine.root)).toEqual([]);
    expect(bare.find("b")).toBe(fail(E.ENOENT));
  });

  test("a directory removed and made again shows nothing of the lowers, also after a remount", () => {
    bare.file("lower1", "d/f");
    bare.file("lower2", "d/g");
    const { engine } = bare;
    for (const file of ["f", "g"]) expect(engine.unlink(bare.at("d"), name(file))).toBe(0);
    expect(engine.rmdir(engine.root, name("d"))).toBe(0);
    expect(bare.inBare()).toEqual([".wh.d"]);
    engine.mkdir(engine.root, name("d"), 0o755, ROOT);
    expect(bare.inBare()).toEqual(["d"]);
    bare.reopen();
    expect(bare.list(bare.at("d"))).toEqual([]);
    expect(bare.engine.rmdir(bare.engine.root, name("d"))).toBe(0);
    expect(bare.inBare()).toEqual([".wh.d"]);
  });

  test("a rename leaves a mark behind, and takes the one at its new name away", () => {
    bare.file("lower1", "f", "text");
    bare.file("lower1", "g", "other");
    const { engine } = bare;
    expect(engine.unlink(engine.root, name("g"))).toBe(0);
    expect(engine.rename(engine.root, name("f"), engine.root, name("g"), 0)).toBe(0);
    expect(bare.inBare()).toEqual([".wh.f", "g"]);
    bare.reopen();
    expect(bare.list(bare.engine.root)).toEqual(["g"]);
    expect(bare.read(bare.at("g"))).toBe("text");
  });

  test("a directory of the upper moved over a deleted one stays what it is", () => {
    bare.file("lower1", "old/f");
    const { engine } = bare;
    expect(engine.unlink(bare.at("old"), name("f"))).toBe(0);
    expect(engine.rmdir(engine.root, name("old"))).toBe(0);
    engine.mkdir(engine.root, name("new"), 0o755, ROOT);
    engine.create(bare.at("new"), name("inside"), 0o644, ROOT);
    expect(engine.rename(engine.root, name("new"), engine.root, name("old"), 0)).toBe(0);
    expect(bare.inBare()).toEqual(["old"]);
    bare.reopen();
    expect(bare.list(bare.at("old"))).toEqual(["inside"]);
  });

  test("a directory is moved over one that shows nothing but holds marks", () => {
    bare.file("lower1", "p/empty/f");
    bare.file("lower1", "keep");
    const { engine } = bare;
    expect(engine.unlink(bare.at("p/empty"), name("f"))).toBe(0);
    engine.mkdir(engine.root, name("new"), 0o755, ROOT);
    engine.create(bare.at("new"), name("inside"), 0o644, ROOT);
    expect(engine.rename(engine.root, name("new"), bare.at("p"), name("empty"), 0)).toBe(0);
    expect(bare.inBare()).toEqual(["p"]);
    bare.reopen();
    expect(bare.list(bare.engine.root)).toEqual(["keep", "p"]);
    expect(bare.list(bare.at("p/empty"))).toEqual(["inside"]);
  });

  test("a mark that a crash left beside what took its place does no harm", () => {
    bare.file("lower1", "f", "old");
    bare.open();
    expect(bare.engine.copyUp(bare.at("f"))).toBe(0);
    bare.run("touch", bare.path("outer/m/upper/.wh.f"));
    bare.reopen();
    expect(bare.read(bare.at("f"))).toBe("old");
    expect(bare.engine.unlink(bare.engine.root, name("f"))).toBe(0);
    expect(bare.inBare()).toEqual([".wh.f"]);
    expect(existsSync(bare.path("outer/m/upper/f"))).toBe(false);
  });
});
