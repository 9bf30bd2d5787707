/** Which names hide what is below them, whoever put them there: the shared whiteout is known without being asked. */
import { linkSync, lstatSync, readdirSync, renameSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { E, fail } from "../../src/sys/errno.js";
import { Fixture, isRoot, name, ROOT } from "./fixture.js";

let overlay: Fixture;
beforeEach(() => { overlay = new Fixture(); });
afterEach(() => overlay.close());

/** A directory of two lowers with these names in each. */
function lowerNames(...names: string[]): void {
  for (const each of names) for (const layer of ["lower1", "lower2"]) overlay.file(layer, `d/${each}`);
}

function unlink(...names: string[]): void {
  for (const each of names) expect(overlay.engine.unlink(overlay.at("d"), name(each))).toBe(0);
}

const inode = (path: string): number => lstatSync(overlay.path("upper", path)).ino;

describe.runIf(isRoot)("whiteouts", () => {
  test("deleted names are links of one whiteout, and a directory that holds nothing else goes with them", () => {
    lowerNames("a", "b", "c");
    unlink("a", "b", "c");
    expect(new Set([inode("d/a"), inode("d/b"), inode("d/c")]).size).toBe(1);
    expect(overlay.list(overlay.at("d"))).toEqual([]);
    expect(overlay.engine.rmdir(overlay.engine.root, name("d"))).toBe(0);
    expect(overlay.inUpper("d")).toBe("whiteout");
    expect(readdirSync(overlay.path("work", "work")).length).toBe(1);
  });

  test("whiteouts that others made, or an earlier mount, count as the shared one does", () => {
    lowerNames("a", "b", "c", "e");
    unlink("a");
    const earlier = inode("d/a");
    overlay.reopen();
    overlay.run("mknod", overlay.path("upper", "d/b"), "c", "0", "0");
    unlink("c");
    expect(new Set([earlier, inode("d/b"), inode("d/c")]).size).toBe(3);
    expect(overlay.list(overlay.at("d"))).toEqual(["e"]);
    expect(overlay.engine.rmdir(overlay.engine.root, name("d"))).toBe(-E.ENOTEMPTY);
    unlink("e");
    expect(overlay.engine.rmdir(overlay.engine.root, name("d"))).toBe(0);
    expect(overlay.find("d")).toBe(fail(E.ENOENT));
  });

  test("a device that is no whiteout is shown, and keeps its directory", () => {
    lowerNames("a");
    unlink("a");
    overlay.run("mknod", overlay.path("upper", "d/null"), "c", "1", "3");
    expect(overlay.list(overlay.at("d"))).toEqual(["null"]);
    expect(overlay.engine.rmdir(overlay.engine.root, name("d"))).toBe(-E.ENOTEMPTY);
  });

  test("a name that only the lowest layer has keeps its directory, but not one that a lower's whiteout hides", () => {
    lowerNames("a");
    overlay.file("lower2", "d/hidden");
    overlay.run("mknod", overlay.path("lower1", "d/hidden"), "c", "0", "0");
    overlay.file("lower2", "d/low");
    unlink("a");
    expect(overlay.engine.rmdir(overlay.engine.root, name("d"))).toBe(-E.ENOTEMPTY);
    unlink("low");
    expect(overlay.engine.rmdir(overlay.engine.root, name("d"))).toBe(0);
  });

  test("files of the lowers that an xattr makes whiteouts hide what is below them", () => {
    overlay.file("lower2", "d/f", "below");
    overlay.file("lower1", "d/f");
    overlay.run("setfattr", "-n", "trusted.overlay.opaque", "-v", "x", overlay.path("lower1", "d"));
    overlay.run("setfattr", "-n", "trusted.overlay.whiteout", "-v", "y", overlay.path("lower1", "d/f"));
    expect(overlay.list(overlay.at("d"))).toEqual([]);
    expect(overlay.engine.rmdir(overlay.engine.root, name("d"))).toBe(0);
  });

  test("a whiteout that somebody puts in the place of the shared one counts too", () => {
    lowerNames("a", "b", "c");
    unlink("a");
    const shared = overlay.path("work", "work", readdirSync(overlay.path("work", "work"))[0]!);
    const first = inode("d/a");
    renameSync(shared, overlay.path("upper", "elsewhere"));
    overlay.run("mknod", shared, "c", "0", "0");
    unlink("b");
    expect(inode("d/b")).not.toBe(first);
    linkSync(overlay.path("upper", "d/b"), overlay.path("upper", "d/c"));
    expect(overlay.list(overlay.at("d"))).toEqual([]);
  });

  test("a file made where a whiteout stood is shown", () => {
    lowerNames("a", "b");
    unlink("a", "b");
    expect(overlay.engine.create(overlay.at("d"), name("a"), 0o644, ROOT)).toBeTypeOf("object");
    expect(overlay.list(overlay.at("d"))).toEqual(["a"]);
  });
});
