import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DirectoryInode } from "../../src/engine/inode.js";
import { LowerNames } from "../../src/engine/known-names.js";
import { bytes } from "../../src/sys/bytes.js";
import { E, fail } from "../../src/sys/errno.js";
import { Fixture, isRoot, name } from "./fixture.js";

describe("which lowers hold a name", () => {
  test("each is found from the position that is asked", () => {
    const names = new LowerNames();
    names.add(bytes("one"), 1);
    for (const position of [0, 2, 5]) names.add(bytes("three"), position);
    expect([0, 1, 2].map((from) => names.next(bytes("one"), from))).toEqual([1, 1, Infinity]);
    expect([0, 1, 3, 6].map((from) => names.next(bytes("three"), from))).toEqual([0, 2, 5, Infinity]);
    expect(names.next(bytes("none"), 0)).toBe(Infinity);
    expect(names.size).toBe(2);
  });
});

describe.runIf(isRoot)("a directory whose lowers' names are known", () => {
  let overlay: Fixture;
  beforeEach(() => { overlay = new Fixture(3); });
  afterEach(() => overlay.close());

  /** Looks up so many names that are not there that the engine reads those that are. */
  function learn(): void {
    for (let i = 0; i < 30; i++) expect(overlay.find(`missing${i}`)).toBe(fail(E.ENOENT));
    expect(overlay.engine.root.lowerNames).not.toBeNull();
  }

  test("shows what it showed before: files, merged directories, whiteouts", () => {
    overlay.file("lower1", "d/one");
    overlay.file("lower2", "f", "two");
    overlay.file("lower3", "d/three");
    overlay.file("lower3", "hidden");
    overlay.run("mknod", overlay.path("lower2", "hidden"), "c", "0", "0");
    learn();
    expect(overlay.read(overlay.at("f"))).toBe("two");
    expect(overlay.list(overlay.at("d"))).toEqual(["one", "three"]);
    expect(overlay.find("hidden")).toBe(fail(E.ENOENT));
    expect(overlay.find("missing0")).toBe(fail(E.ENOENT));
  });

  test("finds what the upper gets, and not what it hides", () => {
    overlay.file("lower3", "f", "lower");
    learn();
    const { engine } = overlay;
    expect(engine.unlink(engine.root, name("f"))).toBe(0);
    expect(overlay.find("f")).toBe(fail(E.ENOENT));
    expect(overlay.run("stat", "-c", "%t %T", overlay.path("upper", "f"))).toBe("0 0\n");
    const made = engine.mkdir(engine.root, name("missing1"), 0o755, { uid: 0, gid: 0, umask: 0 });
    expect(overlay.at("missing1")).toBe(made);
    expect(engine.rmdir(engine.root, name("missing1"))).toBe(0);
    expect(overlay.list(engine.root)).toEqual([]);
  });

  test("a directory of the upper follows what is made, moved and removed in it", () => {
    overlay.directory("lower1", "d");
    overlay.file("upper", "d/old");
    const { engine } = overlay;
    const d = overlay.at("d");
    for (let i = 0; i < 40; i++) expect(engine.lookup(d, name(`missing${i}`))).toBe(fail(E.ENOENT));
    const real = (d as DirectoryInode).upper!;
    expect(real.names).toEqual(new Set(["old"]));
    const caller = { uid: 0, gid: 0, umask: 0 };
    const made = engine.create(d, name("missing1"), 0o600, caller);
    expect(engine.lookup(d, name("missing1"))).toBe(made);
    expect(engine.rename(d, name("old"), d, name("missing2"), 0)).toBe(0);
    expect(engine.lookup(d, name("old"))).toBe(fail(E.ENOENT));
    expect(overlay.read(overlay.at("d/missing2"))).toBe("");
    expect(engine.unlink(d, name("missing1"))).toBe(0);
    expect(real.names!.has(name("missing1"))).toBe(false);
    const sub = engine.mkdir(d, name("sub"), 0o700, caller);
    expect((sub as DirectoryInode).upper!.names).toEqual(new Set());
    expect(engine.link(overlay.at("d/missing2"), sub as DirectoryInode, name("linked"))).toBe(overlay.at("d/missing2"));
    overlay.reopen();
    expect(overlay.list(overlay.at("d"))).toEqual(["missing2", "sub"]);
    expect(overlay.list(overlay.at("d/sub"))).toEqual(["linked"]);
  });

  test("are dropped with a listing that read them along, unless misses have paid for them", () => {
    overlay.file("lower1", "f");
    const { engine } = overlay;
    engine.readdir(engine.root);
    expect(engine.root.lowerNames).not.toBeNull();
    engine.releaseListing(engine.root);
    expect(engine.root.lowerNames).toBeNull();
    learn();
    engine.readdir(engine.root);
    engine.releaseListing(engine.root);
    expect(engine.root.lowerNames).not.toBeNull();
  });
});
