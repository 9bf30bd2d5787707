/** Metacopies whose data is in other layers: below, in data-only layers, or nowhere. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bytes } from "../../src/sys/bytes.js";
import { E, errnoName, fail, isErrno } from "../../src/sys/errno.js";
import { Fixture, isRoot } from "./fixture.js";

describe.runIf(isRoot)("data in other layers", () => {
  let overlay: Fixture;
  beforeEach(() => { overlay = new Fixture(3); });
  afterEach(() => { overlay.close(); });

  /** An empty file of a layer that says its data is elsewhere. */
  function metacopy(layer: string, path: string, size: number, redirect?: string): void {
    overlay.file(layer, path, "");
    overlay.run("truncate", "-s", String(size), overlay.path(layer, path));
    overlay.run("setfattr", "-n", "trusted.overlay.metacopy", overlay.path(layer, path));
    if (redirect !== undefined) overlay.run("setfattr", "-n", "trusted.overlay.redirect", "-v", redirect, overlay.path(layer, path));
  }

  /** lower3 gives data only. */
  function openWithData(options: object = {}): void {
    const [first, second, third] = overlay.lowerNames.map((name) => bytes(overlay.path(name)));
    overlay.open({ ...overlay.options, lower: [first!, second!], dataOnly: [third!], ...options });
  }

  function readError(path: string): string {
    const found = overlay.find(path);
    if (isErrno(found)) return errnoName(found);
    return errnoName(overlay.engine.read(found, Buffer.alloc(8), 0, 8, 0));
  }

  test("a file of a data-only layer is found by the path of the redirect, and by no name of its own", () => {
    metacopy("lower2", "f", 7, "/store/ab/cd");
    overlay.file("lower3", "store/ab/cd", "content");
    openWithData();
    expect(overlay.read(overlay.at("f"))).toBe("content");
    expect(overlay.find("store")).toBe(fail(E.ENOENT));
    expect(overlay.list(overlay.engine.root)).toEqual(["f"]);
  });

  test("it is copied up whole when it is written, and with metacopy=on not before", () => {
    metacopy("lower2", "f", 7, "/data");
    overlay.file("lower3", "data", "content");
    openWithData({ metacopy: true });
    const inode = overlay.at("f");
    overlay.engine.setattr(inode, { mode: 0o600 });
    expect(overlay.read(inode)).toBe("content");
    expect(overlay.run("stat", "-c", "%s %a", overlay.path("upper", "f"))).toBe("7 600\n");
    overlay.write(inode, "C");
    expect(overlay.run("cat", overlay.path("upper", "f"))).toBe("Content");
  });

  test("data that is missing is an error of the first read and not of the lookup", () => {
    metacopy("lower2", "f", 7, "/missing");
    openWithData();
    expect(overlay.stat(overlay.at("f")).size).toBe(7);
    expect(readError("f")).toBe("ENOENT");
  });

  test("a relative redirect leads into no data-only layer", () => {
    metacopy("lower2", "f", 7, "data");
    overlay.file("lower3", "data", "content");
    openWithData({ metacopy: true });
    expect(overlay.find("f")).toBe(fail(E.EIO));
  });

  test("a metacopy without data below is EIO with metacopy=on and EPERM without", () => {
    metacopy("lower1", "f", 7);
    overlay.open({ ...overlay.options, metacopy: true });
    expect(overlay.find("f")).toBe(fail(E.EIO));
    overlay.reopen();
    expect(overlay.find("f")).toBe(fail(E.EPERM));
  });

  test("with verity=require a metacopy without a digest is refused", () => {
    metacopy("lower1", "f", 7);
    overlay.file("lower2", "f", "content");
    overlay.open({ ...overlay.options, metacopy: true, verity: "require" });
    expect(readError("f")).toBe("EIO");
    expect(overlay.warnings.join()).toContain("it names no digest");
  });

  test("with verity=on a digest that the file does not have is refused", () => {
    metacopy("lower1", "f", 7);
    overlay.run("setfattr", "-n", "trusted.overlay.metacopy", "-v", `0x00240001${"ab".repeat(32)}`, overlay.path("lower1", "f"));
    overlay.file("lower2", "f", "content");
    overlay.open({ ...overlay.options, metacopy: true, verity: "on" });
    expect(readError("f")).toBe("EIO");
  });
});
