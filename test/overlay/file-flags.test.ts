/** The flags of chattr(1): shown, set, carried over by a copy-up; and what immutable and append-only refuse. */
import { expect } from "vitest";
import { dir, file, fifo, OLD } from "../harness/layers.js";
import { overlay } from "../harness/overlay-cases.js";
import { outcome } from "../harness/syscalls.js";
import { ALICE, as } from "../harness/users.js";
import type { Tree } from "../harness/tree.js";
import {
  FALLOC_FL_KEEP_SIZE, FS_APPEND_FL, FS_IMMUTABLE_FL, FS_NOATIME_FL, FS_SYNC_FL, FS_XFLAG_APPEND, FS_XFLAG_IMMUTABLE,
  O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY,
} from "../../src/sys/constants.js";

const FS_NODUMP_FL = 0x40;
const FS_XFLAG_NOATIME = 0x40;
const SHOWN = FS_SYNC_FL | FS_NOATIME_FL | FS_NODUMP_FL | FS_IMMUTABLE_FL | FS_APPEND_FL;
const immutable = { flags: FS_IMMUTABLE_FL };
const appendOnly = { flags: FS_APPEND_FL };

const shown = (tree: Tree, name: string): number => tree.flags(name) & SHOWN;
const outcomes = (acts: readonly (() => unknown)[]): string[] => acts.map(outcome);

/** What changes a file by its name, but for writing to it. */
const changesByName = (tree: Tree, name: string): (() => unknown)[] => [
  () => { tree.truncate(name, 1); }, () => tree.open(name, O_RDONLY | O_TRUNC), () => { tree.chmod(name, 0o600); }, () => { tree.chown(name, 1, 1); },
  () => { tree.setMtime(name, 1, 0); }, () => { tree.setAtime(name, 1, 0); }, () => { tree.setXattr(name, "user.x", "y"); },
  () => { tree.removeXattr(name, "user.missing"); }, () => { tree.link(name, "another"); }, () => { tree.unlink(name); },
  () => { tree.rename(name, "another"); }, () => { tree.rename("plain", name); },
];

overlay("file flags", {}, (it) => {
  const needs = ["file-flags"] as const;

  it("flags of files and directories of a lower are shown", { needs, lower: { f: file("x", { flags: FS_NOATIME_FL | FS_NODUMP_FL }), d: dir({}, immutable), p: fifo() } }, ({ merged, upper }) => {
    expect(shown(merged, "f")).toBe(FS_NOATIME_FL | FS_NODUMP_FL);
    expect(shown(merged, "d")).toBe(FS_IMMUTABLE_FL);
    expect(merged.extendedFlags("d")[0]! & FS_XFLAG_IMMUTABLE).toBe(FS_XFLAG_IMMUTABLE);
    expect(outcome(() => merged.flags("p"))).toBe("ENOTTY");
    expect(upper.exists("")).toBe(false);
  });

  it("setting flags copies a file up, and they are set in the upper", { needs, lower: { f: file("x"), d: dir() } }, ({ merged, upper }) => {
    merged.setFlags("f", merged.flags("f") | FS_NODUMP_FL);
    merged.setFlags("d", merged.flags("d") | FS_NOATIME_FL);
    expect([shown(merged, "f"), shown(upper, "f")]).toEqual([FS_NODUMP_FL, FS_NODUMP_FL]);
    expect([shown(merged, "d"), shown(upper, "d")]).toEqual([FS_NOATIME_FL, FS_NOATIME_FL]);
    expect(upper.read("f")).toBe("x");
    merged.setExtendedFlags("f", [FS_XFLAG_NOATIME, 0, 0, 0, 0]);
    expect(shown(upper, "f") & FS_NOATIME_FL).toBe(FS_NOATIME_FL);
  });

  it("a copy-up carries over sync and noatime and no other flag", { needs, lower: { f: file("x", { flags: FS_SYNC_FL | FS_NOATIME_FL | FS_NODUMP_FL }) } }, ({ merged, upper }) => {
    merged.chmod("f", 0o600);
    expect([shown(merged, "f"), shown(upper, "f")]).toEqual([FS_SYNC_FL | FS_NOATIME_FL, FS_SYNC_FL | FS_NOATIME_FL]);
  });

  it("immutable and append-only are kept in the upper as an xattr, and outlive a remount",
    { needs, lower: { f: file("x"), d: dir() }, upper: { u: file("u") } }, ({ merged, upper, remount }) => {
      for (const [name, flags] of [["f", FS_IMMUTABLE_FL], ["d", FS_APPEND_FL], ["u", FS_IMMUTABLE_FL | FS_APPEND_FL]] as const) merged.setFlags(name, merged.flags(name) | flags);
      const state = (): unknown => [shown(merged, "f"), shown(merged, "d"), shown(merged, "u"), outcome(() => merged.open("f", O_WRONLY)), outcome(() => { merged.unlink("u"); })];
      const expected = [FS_IMMUTABLE_FL, FS_APPEND_FL, FS_IMMUTABLE_FL | FS_APPEND_FL, "EPERM", "EPERM"];
      expect(state()).toEqual(expected);
      expect([shown(upper, "f"), shown(upper, "d"), shown(upper, "u")]).toEqual([0, 0, 0]);
      expect(["f", "d", "u"].map((name) => upper.xattr(name, "trusted.overlay.protattr"))).toEqual(["i", "a", "ai"]);
      remount();
      expect(state()).toEqual(expected);
    });

  it("who takes the flag away may write again", { needs, lower: { f: file("x", immutable) } }, ({ merged, upper }) => {
    expect(outcome(() => merged.open("f", O_WRONLY))).toBe("EPERM");
    merged.setFlags("f", merged.flags("f") & ~FS_IMMUTABLE_FL);
    merged.write("f", "new");
    expect(upper.read("f")).toBe("new");
    expect(upper.xattrs("f")).not.toContain("trusted.overlay.protattr");
  });

  it("an immutable file is refused every change", { needs, lower: { plain: file(), f: file("content", immutable) } }, ({ merged, upper }) => {
    const acts = [() => merged.open("f", O_WRONLY), () => merged.open("f", O_RDWR), () => merged.open("f", O_WRONLY | O_APPEND), () => { merged.touch("f"); }, ...changesByName(merged, "f")];
    expect(outcomes(acts)).toEqual(acts.map(() => "EPERM"));
    expect(merged.read("f")).toBe("content");
    expect(merged.stat("f").mtime).toBe(OLD);
    expect(upper.exists("f")).toBe(false);
  });

  it("an append-only file is appended to and refused every other change", { needs, lower: { plain: file(), f: file("content", appendOnly) } }, ({ merged, upper }) => {
    const acts = [() => merged.open("f", O_WRONLY), () => merged.open("f", O_RDWR), () => merged.open("f", O_WRONLY | O_APPEND | O_TRUNC), ...changesByName(merged, "f")];
    expect(outcomes(acts)).toEqual(acts.map(() => "EPERM"));
    expect(upper.exists("f")).toBe(false);
    merged.append("f", ", more");
    expect(merged.read("f")).toBe("content, more");
    merged.touch("f");
    merged.with("f", O_WRONLY | O_APPEND, (opened) => {
      expect(outcome(() => { opened.truncate(0); })).toBe("EPERM");
      expect(outcome(() => { opened.fallocate(FALLOC_FL_KEEP_SIZE, 0, 100); })).toBe("done");
      expect(outcome(() => { opened.fallocate(FALLOC_FL_KEEP_SIZE | 2, 0, 1); })).toBe("EPERM");
    });
    expect(upper.read("f")).toBe("content, more");
    expect(upper.xattr("f", "trusted.overlay.protattr")).toBe("a");
  });

  it("in an immutable directory no name is made, moved or removed, and its files are written", { needs, lower: { plain: file(), d: dir({ f: file("x") }, immutable) } }, ({ merged, upper }) => {
    const acts = [
      () => merged.open("d/new", O_WRONLY | O_CREAT), () => { merged.mkdir("d/new"); }, () => { merged.symlink("t", "d/new"); }, () => { merged.mknod("d/new", "fifo"); },
      () => { merged.link("plain", "d/new"); }, () => { merged.rename("plain", "d/new"); }, () => { merged.rename("d/f", "f"); }, () => { merged.rename("d/f", "d/g"); },
      () => { merged.unlink("d/f"); }, () => { merged.rename("plain", "d/f"); }, () => merged.openUnnamed("d", O_WRONLY), () => { merged.rmdir("d"); }, () => { merged.rename("d", "e"); },
      () => { merged.chmod("d", 0o700); }, () => { merged.touch("d"); }, () => { merged.setXattr("d", "user.x", "y"); },
    ];
    expect(outcomes(acts)).toEqual(acts.map(() => "EPERM"));
    expect(outcomes([() => merged.open("d/f", O_WRONLY | O_CREAT | O_EXCL), () => { merged.mkdir("d/f"); }, () => { merged.unlink("d/missing"); }])).toEqual(["EEXIST", "EEXIST", "ENOENT"]);
    expect(upper.exists("")).toBe(false);
    merged.write("d/f", "written");
    expect(upper.read("d/f")).toBe("written");
    expect(upper.xattr("d", "trusted.overlay.protattr")).toBe("i");
    expect(shown(upper, "d")).toBe(0);
    expect(outcome(() => { merged.unlink("d/f"); })).toBe("EPERM");
  });

  it("in an append-only directory names are made and not removed", { needs, lower: { plain: file(), d: dir({ f: file("x") }, appendOnly) } }, ({ merged }) => {
    merged.write("d/new", "x");
    merged.mkdir("d/made");
    merged.link("plain", "d/linked");
    const acts = [() => { merged.unlink("d/f"); }, () => { merged.unlink("d/new"); }, () => { merged.rmdir("d/made"); }, () => { merged.rename("d/f", "f"); }, () => { merged.rename("d/f", "d/g"); }, () => { merged.rename("plain", "d/f"); }, () => { merged.rmdir("d"); }];
    expect(outcomes(acts)).toEqual(acts.map(() => "EPERM"));
    expect(merged.list("d")).toEqual(["f", "linked", "made", "new"]);
  });

  it("only the owner sets flags, and only root those that protect", { needs, lower: { f: file("x", { uid: 1001, gid: 1001 }), g: file("x", { mode: 0o666 }) } }, ({ merged }) => {
    as(ALICE, () => {
      expect(outcomes([() => { merged.setFlags("f", merged.flags("f") | FS_NOATIME_FL); }, () => { merged.setFlags("g", merged.flags("g") | FS_NOATIME_FL); }, () => { merged.setFlags("f", merged.flags("f") | FS_IMMUTABLE_FL); }]))
        .toEqual(["done", "EPERM", "EPERM"]);
    });
    expect(shown(merged, "f")).toBe(FS_NOATIME_FL);
  });

  it("flags that the upper's file system does not know are refused", { needs, lower: { f: file("x") } }, ({ merged }) => {
    expect(outcome(() => { merged.setFlags("f", merged.flags("f") | 0x8000_0000); })).toBe("EOPNOTSUPP");
  });

  it("what was written before a file was made immutable is there", { needs, lower: { f: file("content") } }, ({ merged, upper }) => {
    const opened = merged.open("f", O_RDWR);
    opened.write("CON", 0);
    merged.setFlags("f", merged.flags("f") | FS_IMMUTABLE_FL);
    opened.close();
    expect(merged.read("f")).toBe("CONtent");
    expect(upper.read("f")).toBe("CONtent");
    expect(merged.extendedFlags("f")[0]! & (FS_XFLAG_IMMUTABLE | FS_XFLAG_APPEND)).toBe(FS_XFLAG_IMMUTABLE);
  });
});
