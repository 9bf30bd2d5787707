/** Changing attributes, and xattrs: the overlay's own are its own. */
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import { dir, file, OLD, opaque, symlink } from "../harness/layers.js";
import { overlay } from "../harness/overlay-cases.js";
import { check, outcome, raw } from "../harness/syscalls.js";
import { capabilityValue } from "../harness/xattrs.js";
import { AT_FDCWD, O_RDWR, XATTR_CREATE, XATTR_REPLACE } from "../../src/sys/constants.js";
import { native } from "../../src/sys/native.js";

overlay("attributes", {}, (it) => {
  it("mode, owner, size and times change where the file is in the upper", { needs: ["separate-times"], lower: { other: file() }, upper: { f: file("0123456789") } }, ({ merged, upper }) => {
    merged.truncate("f", 5);
    merged.chown("f", 3, 4);
    merged.chmod("f", 0o6711);
    merged.setMtime("f", 1300000000, 13);
    merged.setAtime("f", 1200000000, 12);
    const wanted = { mode: "6711", uid: 3, gid: 4, size: 5, mtime: "1300000000.000000013", atime: "1200000000.000000012" };
    expect(upper.stat("f")).toMatchObject(wanted);
    expect(merged.stat("f")).toMatchObject(wanted);
  });

  it("all permission bits of a directory can be set", { lower: { d: dir({ f: file() }) } }, ({ merged, upper }) => {
    merged.chmod("d", 0o7751);
    expect(merged.stat("d").mode).toBe("7751");
    expect(upper.stat("d")).toMatchObject({ mode: "7751", mtime: OLD });
    expect(merged.list("d")).toEqual(["f"]);
  });

  it("owner and group change each on its own", { lower: { f: file("", { uid: 3, gid: 4 }) } }, ({ merged }) => {
    merged.chown("f", -1, 40);
    expect(merged.stat("f")).toMatchObject({ uid: 3, gid: 40 });
    merged.chown("f", 30, -1);
    expect(merged.stat("f")).toMatchObject({ uid: 30, gid: 40 });
  });

  it("ids beyond 31 bits are kept", { lower: { f: file("", { uid: 4000000000, gid: 4100000000 }) } }, ({ merged, upper }) => {
    expect(merged.stat("f")).toMatchObject({ uid: 4000000000, gid: 4100000000 });
    merged.chmod("f", 0o600);
    expect(upper.stat("f")).toMatchObject({ uid: 4000000000, gid: 4100000000 });
  });

  it("a change of owner takes setuid and setgid from a file", { lower: { f: file("", { mode: 0o6755 }), d: dir({}, { mode: 0o2755 }) } }, ({ merged }) => {
    merged.chown("f", 5, 5);
    merged.chown("d", 5, 5);
    expect(merged.stat("f").mode).toBe("755");
    expect(merged.stat("d").mode).toBe("2755");
  });

  it("a chown that names neither owner nor group copies up, sets the ctime and takes setuid from a file", {
    needs: ["empty-chown"], lower: { f: file("x", { mode: 0o4755 }), d: dir(), s: symlink("f") }, upper: { g: file("x", { mode: 0o4755 }) },
  }, async ({ merged, upper }) => {
    const names = ["f", "d", "s", "g"] as const;
    const before = names.map((name) => merged.ctime(name));
    await delay(20);
    for (const name of names) merged.chown(name, -1, -1);
    expect(names.map((name, i) => merged.ctime(name) > before[i]!)).toEqual([true, true, true, true]);
    expect(names.map((name) => upper.exists(name))).toEqual([true, true, true, true]);
    expect(["f", "g"].map((name) => merged.stat(name).mode)).toEqual(["755", "755"]);
  });

  it("touch sets the present time", { lower: { f: file("x"), d: dir() } }, ({ merged }) => {
    merged.touch("f");
    merged.touch("d");
    for (const name of ["f", "d"]) expect(Math.abs(Number(merged.stat(name).mtime) - Date.now() / 1000)).toBeLessThan(100);
  });

  it("a write renews the modification time", { needs: ["nanoseconds"], lower: { f: file("x") } }, ({ merged, upper }) => {
    merged.append("f", "y");
    expect(merged.stat("f").mtime).not.toBe(OLD);
    expect(upper.stat("f").mtime).toBe(merged.stat("f").mtime);
  });

  it("a directory has no size to set", { lower: { d: dir() } }, ({ merged }) => {
    expect(outcome(() => merged.truncate("d", 0))).toBe("EISDIR");
  });

  it("attributes of the merged directory's root can be set", { lower: { f: file() } }, ({ fixture }) => {
    const before = fixture.merged.stat("");
    fixture.merged.chmod("", 0o751);
    expect(fixture.merged.stat("").mode).toBe("751");
    expect(fixture.upper.stat("").mode).toBe("751");
    fixture.merged.chmod("", 0o755);
    expect(fixture.merged.stat("").ino).toBe(before.ino);
  });

  it("attributes are the same after a remount", { needs: ["separate-times"], lower: { f: file("x"), d: dir({ g: file() }) } }, ({ merged, remount }) => {
    merged.chmod("f", 0o612);
    merged.chown("d", 12, 13);
    merged.setMtime("d/g", 1000000000, 1);
    const before = ["f", "d", "d/g"].map((name) => ({ ...merged.stat(name), ino: 0, atime: "", dev: "" }));
    remount();
    expect(["f", "d", "d/g"].map((name) => ({ ...merged.stat(name), ino: 0, atime: "", dev: "" }))).toEqual(before);
  });
});

overlay("xattrs", {}, (it) => {
  it("xattrs are read through the merge, of the topmost layer only",
    { lower: { f: file("", { xattrs: { "user.low": "1" } }), d: dir({}, { xattrs: { "user.low": "1" } }) }, upper: { d: dir({}, { xattrs: { "user.up": "2" } }) } }, ({ merged }) => {
      expect(merged.xattrs("f")).toEqual(["user.low"]);
      expect(merged.xattr("f", "user.low")).toBe("1");
      expect(merged.xattrs("d")).toEqual(["user.up"]);
    });

  it("xattrs are set, listed, replaced and removed", { lower: { f: file(), d: dir() } }, ({ merged, upper }) => {
    for (const name of ["f", "d"]) {
      merged.setXattr(name, "user.a", "1");
      merged.setXattr(name, "user.b", "\0\xff binary");
      merged.setXattr(name, "trusted.c", "");
      expect(merged.xattrs(name)).toEqual(["trusted.c", "user.a", "user.b"]);
      merged.setXattr(name, "user.a", "other value");
      merged.removeXattr(name, "trusted.c");
      expect(upper.xattr(name, "user.a")).toBe("other value");
      expect(merged.xattr(name, "user.b")).toBe("\0\xff binary");
      expect(outcome(() => merged.xattr(name, "trusted.c"))).toBe("ENODATA");
    }
  });

  it("an xattr set is read at once, also one that was asked for before", { lower: { f: file() } }, ({ merged }) => {
    for (const attribute of ["user.a", "security.capability", "trusted.b"]) expect(outcome(() => merged.xattr("f", attribute))).toBe("ENODATA");
    merged.setXattr("f", "user.a", "x");
    expect(merged.xattr("f", "user.a")).toBe("x");
  });

  it("XATTR_CREATE and XATTR_REPLACE hold to what is there", { lower: { f: file("", { xattrs: { "user.there": "1" } }) } }, ({ merged, upper }) => {
    expect(outcome(() => merged.setXattr("f", "user.there", "2", XATTR_CREATE))).toBe("EEXIST");
    expect(outcome(() => merged.setXattr("f", "user.missing", "2", XATTR_REPLACE))).toBe("ENODATA");
    merged.setXattr("f", "user.there", "3", XATTR_REPLACE);
    merged.setXattr("f", "user.missing", "4", XATTR_CREATE);
    expect(upper.xattr("f", "user.there") + upper.xattr("f", "user.missing")).toBe("34");
  });

  it("a file capability that is set after a write stays", { lower: { f: file("lower") } }, ({ merged, upper }) => {
    merged.with("f", O_RDWR, (opened) => {
      opened.write("written", 0);
      merged.setXattr("f", "security.capability", capabilityValue());
    });
    expect(merged.read("f")).toBe("written");
    expect(merged.xattr("f", "security.capability")).toBe(capabilityValue().toString("latin1"));
    expect(upper.xattr("f", "security.capability")).toBe(capabilityValue().toString("latin1"));
  });

  it("a missing xattr can't be removed", { lower: { f: file() } }, ({ merged }) => {
    expect(outcome(() => merged.removeXattr("f", "user.none"))).toBe("ENODATA");
  });

  it("a buffer too small for a value or a list is refused with ERANGE", { needs: ["xattr-sizes"], lower: { f: file("", { xattrs: { "user.long": "x".repeat(300) } }) } }, ({ merged }) => {
    const path = raw(merged.at("f"));
    expect(check(native.getxattrat(AT_FDCWD, path, raw("user.long"), Buffer.alloc(0)), "size")).toBe(300);
    expect(outcome(() => check(native.getxattrat(AT_FDCWD, path, raw("user.long"), Buffer.alloc(299)), "short"))).toBe("ERANGE");
    expect(outcome(() => check(native.listxattrat(AT_FDCWD, path, Buffer.alloc(3)), "short"))).toBe("ERANGE");
    expect(check(native.listxattrat(AT_FDCWD, path, Buffer.alloc(0)), "size")).toBe("user.long".length + 1);
  });

  it("many xattrs and long values come along with a copy-up", { lower: { f: file("x") }, upper: { g: file() } }, ({ merged, fixture, lower, upper }) => {
    const names = Array.from({ length: 20 }, (_, index) => `user.number${String(index).padStart(2, "0")}`);
    for (const name of names) merged.setXattr("g", name, name.repeat(5));
    expect(merged.xattrs("g")).toEqual(names);
    expect(lower.xattrs("f")).toEqual([]);
    expect(upper.xattr("g", names[19]!)).toBe(names[19]!.repeat(5));
    expect(fixture.isMounted).toBe(true);
  });

  it("the overlay's own xattrs are not seen in the merged directory", { lower: { d: dir({ f: file() }), e: dir() }, upper: { d: opaque() } }, ({ merged, upper }) => {
    merged.create("e/new");
    merged.mkdir("d/sub");
    expect(upper.xattrs("d")).toContain("trusted.overlay.opaque");
    expect(upper.xattrs("e")).toContain("trusted.overlay.origin");
    for (const name of ["d", "e", "d/sub"]) expect(merged.xattrs(name)).toEqual([]);
    expect(outcome(() => merged.xattr("d", "trusted.overlay.opaque"))).toBe("ENODATA");
    expect(outcome(() => merged.xattr("e", "trusted.overlay.origin"))).toBe("ENODATA");
  });

  it("an overlay xattr set in the merged directory is data there, and is kept escaped in the upper",
    { lower: { d: dir({ inside: file() }) } }, ({ merged, upper }) => {
      merged.setXattr("d", "trusted.overlay.opaque", "y");
      expect(merged.xattr("d", "trusted.overlay.opaque")).toBe("y");
      expect(merged.xattrs("d")).toEqual(["trusted.overlay.opaque"]);
      expect(upper.xattr("d", "trusted.overlay.overlay.opaque")).toBe("y");
      expect(merged.list("d")).toEqual(["inside"]);
      merged.removeXattr("d", "trusted.overlay.opaque");
      expect(merged.xattrs("d")).toEqual([]);
    });

  it("a symlink takes trusted xattrs but no user ones", { lower: { l: symlink("nowhere", { xattrs: { "trusted.a": "1" } }) } }, ({ merged, upper }) => {
    expect(merged.xattr("l", "trusted.a")).toBe("1");
    merged.setXattr("l", "trusted.b", "2");
    expect(upper.xattrs("l").filter((name) => !name.startsWith("trusted.overlay."))).toEqual(["trusted.a", "trusted.b"]);
    expect(outcome(() => merged.setXattr("l", "user.a", "1"))).toBe("EPERM");
  });

  it("an xattr of an unknown class is refused", { lower: { f: file() } }, ({ merged }) => {
    expect(outcome(() => merged.setXattr("f", "nonsense.a", "1"))).toBe("EOPNOTSUPP");
  });
});
