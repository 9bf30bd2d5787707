/** A copy-up to the index whose file then gets no name leaves no entry: that would stand for a file whose names are all gone. */
import { readdirSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { FileInode } from "../../src/engine/inode.js";
import { E } from "../../src/sys/errno.js";
import { native } from "../../src/sys/native.js";
import { Fixture, isRoot } from "./fixture.js";

describe.runIf(isRoot)("a copy-up to the index", () => {
  let overlay: Fixture;
  let inode: FileInode;

  beforeEach(() => {
    overlay = new Fixture();
    overlay.file("lower1", "f", "content");
    again();
    inode = overlay.at("f") as FileInode;
  });

  afterEach(() => {
    vi.restoreAllMocks();
    overlay.close();
  });

  function again(): void {
    overlay.reopenWith({ ...overlay.options, index: true, nfsExport: true, redirectDir: "on" });
  }

  const entries = (): string[] => readdirSync(overlay.path("work", "index"));

  /** The file gets its entry, which is a link, and no second link. */
  function refuseName(error: number): void {
    const link = native.linkat.bind(native);
    let links = 0;
    vi.spyOn(native, "linkat").mockImplementation((...words) => links++ === 0 ? link(...words) : -error);
  }

  test.each([E.ENOSPC, E.EDQUOT, E.EIO])("is taken back where its name is refused with errno %i, and succeeds later", (error) => {
    const before = entries();
    refuseName(error);
    expect(overlay.engine.setattr(inode, { mode: 0o600 })).toBe(-error);
    expect(entries()).toEqual(before);
    expect(overlay.inUpper("f")).toBe("absent");
    expect(overlay.read(inode)).toBe("content");
    expect(overlay.stat(inode)).toMatchObject({ nlink: 1 });

    vi.restoreAllMocks();
    expect(overlay.engine.setattr(inode, { mode: 0o600 })).toBe(0);
    expect(entries().length).toBe(before.length + 1);
    expect(readFileSync(overlay.path("upper", "f"), "utf8")).toBe("content");
    again();
    expect(overlay.read(overlay.at("f"))).toBe("content");
  });

  test("a mount after that shows the file as it was", () => {
    refuseName(E.ENOSPC);
    expect(overlay.write(inode, "CON")).toBe(-E.ENOSPC);
    vi.restoreAllMocks();
    again();
    expect(overlay.read(overlay.at("f"))).toBe("content");
    expect(overlay.write(overlay.at("f"), "CON")).toBe(3);
    expect(readFileSync(overlay.path("upper", "f"), "utf8")).toBe("CONtent");
  });
});
