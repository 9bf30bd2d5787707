import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Inode } from "../../src/engine/inode.js";
import { E, fail } from "../../src/sys/errno.js";
import { Stat } from "../../src/sys/stat.js";
import { Fixture, isRoot, name } from "./fixture.js";

let overlay: Fixture;
beforeEach(() => { overlay = new Fixture(3); });
afterEach(() => overlay.close());

describe.runIf(isRoot)("lookup", () => {
  test("the topmost layer that has a file gives it", () => {
    overlay.file("lower1", "f", "one");
    overlay.file("lower2", "f", "two");
    expect(overlay.read(overlay.at("f"))).toBe("one");
  });

  test("a file hides a directory of a lower layer, and a directory a file", () => {
    overlay.file("lower1", "a", "file");
    overlay.directory("lower2", "a/sub");
    overlay.file("lower1", "b/inside", "");
    overlay.file("lower2", "b", "file");
    expect(overlay.at("a").isDirectory).toBe(false);
    expect(overlay.list(overlay.at("b"))).toEqual(["inside"]);
  });

  test("directories of one name are merged down to the first file of that name", () => {
    overlay.file("lower1", "d/one");
    overlay.file("lower2", "d", "a file");
    overlay.file("lower3", "d/three");
    expect(overlay.list(overlay.at("d"))).toEqual(["one"]);
  });

  test("a lookup with attributes gives those that stat gives, the first time and later", () => {
    overlay.file("lower1", "d/f", "one");
    overlay.directory("lower2", "d/sub");
    overlay.directory("lower3", "only/sub");
    overlay.file("upper", "a", "linked");
    overlay.run("ln", overlay.path("upper", "a"), overlay.path("upper", "b"));
    overlay.directory("upper", "d");
    const { root } = overlay.engine;
    for (const path of ["d", "only", "a", "b", "d", "b"]) {
      const found = new Stat();
      const inode = overlay.engine.lookupWithAttributes(root, name(path), found);
      expect(inode).toBe(overlay.at(path));
      expect([found.ino, found.fields]).toEqual([overlay.stat(inode as Inode).ino, overlay.stat(inode as Inode).fields]);
    }
    expect(overlay.engine.lookupWithAttributes(root, name("none"), new Stat())).toBe(fail(E.ENOENT));
    expect(overlay.engine.lookupWithAttributes(overlay.at("a"), name("f"), new Stat())).toBe(fail(E.ENOTDIR));
  });

  test("a whiteout of a middle layer hides what is below it", () => {
    overlay.run("mknod", overlay.path("lower2", "f"), "c", "0", "0");
    overlay.file("lower3", "f", "hidden");
    expect(overlay.find("f")).toBe(fail(E.ENOENT));
    expect(overlay.list(overlay.engine.root)).toEqual([]);
  });

  test("an opaque directory of a middle layer hides the directories below it", () => {
    overlay.file("lower1", "d/one");
    overlay.file("lower2", "d/two");
    overlay.file("lower3", "d/three");
    overlay.run("setfattr", "-n", "trusted.overlay.opaque", "-v", "y", overlay.path("lower2", "d"));
    expect(overlay.list(overlay.at("d"))).toEqual(["one", "two"]);
    expect(overlay.find("d/three")).toBe(fail(E.ENOENT));
  });

  test("in a directory marked opaque=x an empty file with the whiteout xattr is a whiteout", () => {
    overlay.file("lower2", "d/gone");
    overlay.file("lower2", "d/here", "content");
    overlay.file("lower3", "d/gone", "hidden");
    overlay.run("setfattr", "-n", "trusted.overlay.opaque", "-v", "x", overlay.path("lower2", "d"));
    overlay.run("setfattr", "-n", "trusted.overlay.whiteout", "-v", "y", overlay.path("lower2", "d/gone"));
    expect(overlay.find("d/gone")).toBe(fail(E.ENOENT));
    expect(overlay.list(overlay.at("d"))).toEqual(["here"]);
  });

  test("a relative redirect of the upper is followed in the lower layers", () => {
    overlay.file("lower1", "old/f", "content");
    overlay.directory("upper", "new");
    overlay.run("setfattr", "-n", "trusted.overlay.redirect", "-v", "old", overlay.path("upper", "new"));
    expect(overlay.read(overlay.at("new/f"))).toBe("content");
  });

  test("an absolute redirect is followed from the root of each lower layer", () => {
    overlay.file("lower1", "a/b/f", "one");
    overlay.file("lower3", "a/b/g", "three");
    overlay.directory("upper", "x/y");
    overlay.run("setfattr", "-n", "trusted.overlay.redirect", "-v", "/a/b", overlay.path("upper", "x/y"));
    expect(overlay.list(overlay.at("x/y"))).toEqual(["f", "g"]);
  });

  test("a redirect that is no name and no path is an invalid argument, as with the kernel", () => {
    overlay.directory("lower1", "old");
    overlay.directory("upper", "new");
    overlay.run("setfattr", "-n", "trusted.overlay.redirect", "-v", "a/b", overlay.path("upper", "new"));
    expect(overlay.find("new")).toBe(fail(E.EINVAL));
  });

  test("a redirect is refused with redirect_dir=nofollow, wherever it leads", () => {
    overlay.file("lower1", "old/f");
    overlay.directory("upper", "new");
    overlay.run("setfattr", "-n", "trusted.overlay.redirect", "-v", "old", overlay.path("upper", "new"));
    overlay.open({ ...overlay.options, redirectDir: "nofollow" });
    expect(overlay.find("new")).toBe(fail(E.EPERM));
    overlay.directory("upper", "nowhere");
    overlay.run("setfattr", "-n", "trusted.overlay.redirect", "-v", "missing", overlay.path("upper", "nowhere"));
    expect(overlay.find("nowhere")).toBe(fail(E.EPERM));
  });

  test("a file that is metadata only is refused, and logged once", () => {
    overlay.file("lower1", "f", "data");
    overlay.file("upper", "f");
    overlay.run("setfattr", "-n", "trusted.overlay.metacopy", overlay.path("upper", "f"));
    expect(overlay.find("f")).toBe(fail(E.EPERM));
    expect(overlay.warnings).toHaveLength(1);
  });

  test("a name over 255 bytes is ENAMETOOLONG", () => {
    expect(overlay.find("n".repeat(256))).toBe(fail(E.ENAMETOOLONG));
    expect(overlay.find("n".repeat(255))).toBe(fail(E.ENOENT));
  });

  test("symlinks in layers are not followed", () => {
    overlay.run("ln", "-s", "/etc", overlay.path("lower1", "d"));
    overlay.directory("lower2", "d");
    expect(overlay.at("d").isDirectory).toBe(false);
    expect(overlay.engine.lookup(overlay.at("d"), name("passwd"))).toBe(fail(E.ENOTDIR));
  });

  test("two names of one upper file are one inode, two of a lower file are two", () => {
    overlay.file("upper", "a", "x");
    overlay.run("ln", overlay.path("upper", "a"), overlay.path("upper", "b"));
    overlay.file("lower1", "c", "x");
    overlay.run("ln", overlay.path("lower1", "c"), overlay.path("lower1", "d"));
    expect(overlay.at("a")).toBe(overlay.at("b"));
    expect(overlay.at("c")).not.toBe(overlay.at("d"));
    expect(overlay.at("c").ino).toBe(overlay.at("d").ino);
  });
});
