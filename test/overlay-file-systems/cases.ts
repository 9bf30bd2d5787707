/**
 * What an overlay has to do whatever its layers lie on: the cases that go through the most of what a file
 * system does its own way. What the lower's file system does not keep (ACLs, nanoseconds) no case asks for: it
 * is compared with what the lower shows.
 */
import { expect } from "vitest";
import type { Attributes } from "../harness/attributes.js";
import { device, dir, fifo, file, hardLink, opaque, socket, sparse, symlink, whiteout, type LayerTree, type NodeAttributes } from "../harness/layers.js";
import type { CaseView, Collect, Scene } from "../harness/overlay-cases.js";
import type { Placement } from "../harness/overlay-fixture.js";
import { kernel } from "../harness/mounters.js";
import { run } from "../harness/processes.js";
import { outcome } from "../harness/syscalls.js";
import type { Tree } from "../harness/tree.js";
import { ALICE, as } from "../harness/users.js";
import { aclValue, capabilityValue } from "../harness/xattrs.js";
import { fillUp } from "./fill-up.js";
import {
  O_RDWR, O_WRONLY, RENAME_EXCHANGE, RENAME_NOREPLACE, SEEK_DATA, SEEK_HOLE,
} from "../../src/sys/constants.js";

const MIB = 1 << 20;
const acl = aclValue([
  { tag: "owner", permissions: 6 }, { tag: "user", id: 1234, permissions: 5 }, { tag: "group-owner", permissions: 4 },
  { tag: "mask", permissions: 5 }, { tag: "other", permissions: 0 },
]);
const dressed: NodeAttributes = {
  mode: 0o640, uid: 11, gid: 22, mtime: [1234567890, 123456789], xattrs: { "user.note": "kept", "trusted.note": "kept too", "security.capability": capabilityValue() },
};

/** What a copy-up has to keep. */
function kept({ mode, uid, gid, size, mtime, type, device: number }: Attributes): object {
  return { mode, uid, gid, mtime, type, device: number, size: type === "directory" ? "its own" : size };
}

/** The xattrs that are no overlay's own, with their values; XFS lists an ACL under a second name. */
function plainXattrs(tree: Tree, name: string): readonly (readonly [string, string])[] {
  return tree.xattrs(name).filter((one) => !one.startsWith("trusted.overlay.") && !one.startsWith("trusted.SGI_ACL")).map((one) => [one, tree.xattr(name, one)]);
}

/** All below `name`, as paths. */
function everything(tree: Tree, name: string): string[] {
  return tree.list(name).flatMap((child) => {
    const path = name === "" ? child : `${name}/${child}`;
    return [path, ...(tree.stat(path).type === "directory" ? everything(tree, path) : [])];
  });
}

/**
 * Whether listings have to give the numbers that stat does: the kernel's own do not where its layers are on
 * several file systems and xino is off.
 */
function listsNumbers({ fixture }: CaseView, { together }: Placement): boolean { return fixture.mounter !== kernel || together === true; }

/** Whether layers are stored in an overlay, where whiteouts are xattrs. */
function isNested({ lowers }: Placement): boolean { return lowers.some((kind) => kind === "kernel overlay" || kind === "ovlfs mount"); }

function many(prefix: string, count: number): LayerTree {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${index}`, file(`${prefix} ${index}`)]));
}

const TWO_NUMBERS = "the kernel gives two names of one file two numbers where layers are on several file systems";

const stack: Scene = {
  lower: [
    { d: dir({ top: file("of the top"), both: file("of the top"), gone: whiteout(), s: dir({ t: file("t") }), o: opaque({ only: file("only") }) }), f: file("file of the top") },
    { d: dir({ low: file("of the bottom"), both: file("of the bottom"), gone: file("gone"), s: dir({ b: file("b") }), o: dir({ not: file("not") }), l: symlink("low") }), f: dir() },
  ],
};

/** Declares the cases for layers that are placed so. */
export function fileSystemCases(it: Collect, on: Placement): void {
  readingCases(it, on);
  permissionCases(it);
  copyUpCases(it, on);
  changingCases(it, on);
}

function readingCases(it: Collect, on: Placement): void {
  it("two lowers are merged", stack, ({ merged }) => {
    expect(merged.list("d")).toEqual(["both", "l", "low", "o", "s", "top"]);
    expect(merged.list("d/s")).toEqual(["b", "t"]);
    expect(merged.list("d/o")).toEqual(["only"]);
    expect(["d/top", "d/both", "d/low", "d/o/only", "f"].map((name) => merged.read(name))).toEqual(["of the top", "of the top", "of the bottom", "only", "file of the top"]);
    expect(outcome(() => merged.stat("d/gone"))).toBe("ENOENT");
    expect(outcome(() => merged.stat("d/o/not"))).toBe("ENOENT");
  });

  it("each object has a number of its own, and listings give it", stack, (view) => {
    const { merged } = view;
    const paths = everything(merged, "");
    // A number counts together with the file system that stat names for it.
    expect(new Set(paths.map((path) => `${merged.stat(path).dev} ${merged.stat(path).ino}`)).size).toBe(paths.length);
    if (!listsNumbers(view, on)) return;
    for (const directory of ["", "d", "d/s", "d/o"]) {
      for (const { name, ino } of merged.entries(directory).filter((entry) => !entry.name.startsWith("."))) {
        expect([directory, name, ino]).toEqual([directory, name, merged.stat(directory === "" ? name : `${directory}/${name}`).ino]);
      }
    }
  });

  it("a large directory is merged whole", { lower: [{ d: dir(many("a", 300)) }, { d: dir(many("b", 300)) }], upper: { d: dir(many("c", 300)) } }, ({ merged }) => {
    expect(merged.list("d")).toEqual([...Object.keys(many("a", 300)), ...Object.keys(many("b", 300)), ...Object.keys(many("c", 300))].sort());
    expect(merged.read("d/b299")).toBe("b 299");
  });

  it("attributes are those of the lower, in all that it keeps",
    { lower: { f: file("content", dressed), d: dir({}, { ...dressed, mode: 0o1770 }), l: symlink("x".repeat(1000), { uid: 5 }), h: file("linked"), h2: hardLink("h") } },
    ({ merged, lower }) => {
      for (const name of ["f", "d", "l", "h", "h2"]) expect([name, kept(merged.stat(name))]).toEqual([name, kept(lower.stat(name))]);
      expect(merged.stat("h").nlink).toBe(lower.stat("h").nlink);
      expect(merged.readlink("l")).toBe("x".repeat(1000));
      expect(plainXattrs(merged, "f")).toEqual(plainXattrs(lower, "f"));
    });
}

/** The 512-byte blocks of the kernel's copies, by the placement and the file. */
const blocksByKernel = new Map<string, number>();

function permissionCases(it: Collect): void {
  it("another user reads what the mode allows, whether or not the lower knows ACLs",
    { needs: ["user-owners"], lower: { f: file("content", { mode: 0o644, uid: 11, gid: 11 }), closed: file("", { mode: 0o640, uid: 11, gid: 11 }), d: dir({ in: file("in") }, { mode: 0o755, uid: 11, gid: 11 }) } },
    ({ merged }) => {
      as(ALICE, () => {
        expect(merged.read("f")).toBe("content");
        expect(merged.list("d")).toEqual(["in"]);
        expect(merged.read("d/in")).toBe("in");
        expect(outcome(() => merged.read("closed"))).toBe("EACCES");
        expect(outcome(() => { merged.create("d/new"); })).toBe("EACCES");
      });
    });

  it("a lower without ACLs shows none", { needs: ["acls"], lower: { f: file("content") } }, ({ merged }) => {
    expect(outcome(() => merged.xattr("f", "system.posix_acl_access"))).toBe("ENODATA");
  });
}

function copyUpCases(it: Collect, on: Placement): void {
  it("a copy-up keeps data, owner, mode, times and xattrs",
    { lower: { f: file(Buffer.alloc(3 * MIB + 5, "0123456789"), dressed), e: file("", dressed), d: dir({ in: file("x") }, dressed) } },
    ({ merged, upper, lower }) => {
      merged.setXattr("f", "user.new", "value");
      merged.setXattr("e", "user.new", "value");
      merged.chmod("d/in", 0o600);
      for (const name of ["f", "e", "d"]) expect([name, kept(upper.stat(name))]).toEqual([name, kept(lower.stat(name))]);
      expect(upper.read("f") === lower.read("f")).toBe(true);
      for (const name of ["f", "e"]) expect(plainXattrs(upper, name)).toEqual([...plainXattrs(lower, name), ["user.new", "value"]].sort());
      expect(plainXattrs(upper, "d")).toEqual(plainXattrs(lower, "d"));
    });

  it("a copy-up keeps ACLs, where the lower has them", { needs: ["acls"], lower: { f: file("x", { xattrs: { "system.posix_acl_access": acl } }), d: dir({ in: file() }, { xattrs: { "system.posix_acl_default": acl } }) } },
    ({ merged, upper, lower }) => {
      merged.chown("f", 0, 7);
      merged.append("d/in", "y");
      for (const name of ["f", "d"]) expect(plainXattrs(upper, name)).toEqual(plainXattrs(lower, name));
      merged.create("d/new", 0o666);
      expect(merged.stat("d/new").mode).toBe(lower.xattrs("d").includes("system.posix_acl_default") ? "640" : "644");
    });

  it("special files and symlinks are copied up",
    { lower: { p: fifo({ mode: 0o640 }), s: socket({ mode: 0o640 }), c: device("character", 1, 3, { mode: 0o640 }), b: device("block", 7, 300, { mode: 0o640 }), l: symlink("to/where", { uid: 1 }) } },
    ({ merged, upper, lower }) => {
      for (const name of ["p", "s", "c", "b", "l"]) {
        merged.chown(name, 77, 88);
        expect([name, kept(upper.stat(name))]).toEqual([name, { ...kept(lower.stat(name)), uid: 77, gid: 88 }]);
      }
      expect(upper.readlink("l")).toBe("to/where");
    });

  it("a copy-up keeps holes and takes no more room than the kernel's",
    { needs: ["holes"], lower: { f: sparse(12 * MIB, [{ at: 0, content: "begin" }, { at: 4 * MIB, content: Buffer.alloc(MIB, 7) }, { at: 12 * MIB - 3, content: "end" }]), none: sparse(9 * MIB, []) } },
    ({ merged, upper, lower, fixture }) => {
      for (const name of ["f", "none"]) {
        merged.chmod(name, 0o600);
        merged.with(name, O_RDWR, (opened) => { opened.sync(); });
        expect(upper.read(name) === lower.read(name)).toBe(true);
        const key = `${on.lowers.join()} ${on.upper} ${String(on.together)} ${name}`;
        if (fixture.mounter === kernel) blocksByKernel.set(key, upper.stat(name).blocks);
        else expect(upper.stat(name).blocks).toBeLessThanOrEqual((blocksByKernel.get(key) ?? Infinity) + 64);
      }
    });

  if (on.together === true && (on.upper === "xfs" || on.upper === "btrfs")) {
    it("a copy-up shares its blocks with the lower", { lower: { f: file(Buffer.alloc(4 * MIB, "data ")) } }, ({ merged, upper, lower }) => {
      merged.with("f", O_WRONLY, (opened) => {
        opened.write("changed", MIB);
        opened.sync();
      });
      expect(upper.read("f").slice(MIB, MIB + 7)).toBe("changed");
      expect(lower.read("f").slice(MIB, MIB + 7)).toBe("ata dat");
      expect(run("filefrag", ["-v", upper.at("f")]).stdout).toMatch(/\bshared\b/);
    });
  }

  it("a file's number stays over a copy-up and is the listing's", { lower: [{ d: dir({ a: file("a"), s: dir({ x: file() }) }) }, { d: dir({ b: file("b") }) }] }, (view) => {
    const { merged } = view;
    const names = ["d/a", "d/b", "d/s", "d/s/x", "d"];
    const before = names.map((name) => merged.stat(name).ino);
    for (const name of names) merged.chown(name, 3, 3);
    // Where layers are on several file systems and xino is off, the kernel's numbers of copied-up files change.
    if (!listsNumbers(view, on)) return;
    expect(names.map((name) => merged.stat(name).ino)).toEqual(before);
    for (const entry of merged.entries("d").filter(({ name }) => !name.startsWith("."))) expect(entry.ino).toBe(merged.stat(`d/${entry.name}`).ino);
  });

  // Where blocks are shared a copy-up needs no room.
  if (on.together !== true) {
    it("a full upper refuses a copy-up with ENOSPC and leaves no trace of it", { lower: { d: dir({ f: file(Buffer.alloc(6 * MIB, "large ")) }) } }, ({ merged, upper, lower, fixture }) => {
      const empty = fillUp(fixture.upper);
      try {
        expect(outcome(() => merged.chmod("d/f", 0o600))).toBe("ENOSPC");
        expect(outcome(() => merged.rename("d/f", "d/g"))).toBe("ENOSPC");
      } finally {
        empty();
      }
      expect(merged.list("d")).toEqual(["f"]);
      expect(merged.read("d/f") === lower.read("d/f")).toBe(true);
      expect(fixture.workLeftovers()).toEqual([]);
      merged.chmod("d/f", 0o600);
      expect(upper.read("d/f") === lower.read("d/f")).toBe(true);
    });
  }
}

function changingCases(it: Collect, on: Placement): void {
  it("deletions leave whiteouts, and what is made in their place is new", stack, ({ merged, upper }) => {
    merged.unlink("d/top");
    merged.removeAll("d/s");
    merged.unlink("d/low");
    expect(merged.list("d")).toEqual(["both", "l", "o"]);
    for (const name of ["d/top", "d/s", "d/low"]) expect(upper.stat(name).device).toBe("0,0");
    merged.mkdir("d/s");
    merged.write("d/top", "new");
    expect(merged.list("d/s")).toEqual([]);
    expect(upper.xattr("d/s", "trusted.overlay.opaque")).toBe("y");
    expect(merged.read("d/top")).toBe("new");
  });

  it("a directory that holds nothing but whiteouts is removed",
    { lower: [{ d: dir({ gone: whiteout(), x: file() }) }, { d: dir({ gone: file(), y: file() }) }], ...(isNested(on) ? { ownWay: "the kernel counts a whiteout that is an xattr as a name: ENOTEMPTY" } : {}) },
    ({ merged, upper, fixture }) => {
      merged.unlink("d/x");
      merged.unlink("d/y");
      const kernelRefuses = fixture.mounter === kernel && isNested(on);
      expect(outcome(() => { merged.rmdir("d"); })).toBe(kernelRefuses ? "ENOTEMPTY" : "done");
      if (!kernelRefuses) expect(upper.stat("d").device).toBe("0,0");
    });

  it("a directory with whiteouts is removed with all in it", { lower: [{ d: dir({ s: dir({ x: file() }) }) }, { d: dir({ s: dir({ y: file() }), z: file() }) }] }, ({ merged, upper }) => {
    merged.unlink("d/s/x");
    merged.removeAll("d");
    expect(merged.list()).toEqual([]);
    expect(upper.stat("d").device).toBe("0,0");
  });

  it("files are renamed over one another, exchanged, and a merged directory is not moved", stack, ({ merged, upper }) => {
    merged.rename("d/top", "d/moved");
    merged.rename("d/low", "d/both");
    expect(outcome(() => merged.rename("d/both", "d/moved", RENAME_NOREPLACE))).toBe("EEXIST");
    merged.rename("d/both", "d/moved", RENAME_EXCHANGE);
    expect(merged.read("d/both")).toBe("of the top");
    expect(merged.read("d/moved")).toBe("of the bottom");
    expect(upper.stat("d/top").device).toBe("0,0");
    merged.mkdir("fresh");
    merged.rename("f", "fresh/f");
    merged.rename("fresh", "d/fresh");
    expect(merged.read("d/fresh/f")).toBe("file of the top");
    expect(outcome(() => merged.rename("d/s", "s"))).toBe("EXDEV");
    expect(merged.list("d")).toEqual(["both", "fresh", "l", "moved", "o", "s"]);
  });

  it("hard links of the upper and one to a lower file are counted", {
    ...(on.together === true ? {} : { ownWay: TWO_NUMBERS, noInterop: TWO_NUMBERS }),
    lower: { a: file("a"), l: file("linked"), l2: hardLink("l") }, upper: { u: file("u"), u2: hardLink("u") } }, (view) => {
    const { merged } = view;
    merged.link("a", "a2");
    merged.append("a2", "!");
    merged.link("u", "u3");
    expect(["a", "a2", "u", "u2", "u3"].map((name) => merged.stat(name).nlink)).toEqual([2, 2, 3, 3, 3]);
    if (listsNumbers(view, on)) expect(merged.stat("a").ino).toBe(merged.stat("a2").ino);
    expect(merged.read("a")).toBe("a!");
    merged.unlink("u");
    expect(merged.stat("u2").nlink).toBe(2);
    merged.append("l", "!");
    expect(["l", "l2"].map((name) => merged.read(name))).toEqual(["linked!", "linked"]);
  });

  it("a file without a name is made, and given one", { needs: ["unnamed-files"], lower: { d: dir({ x: file() }) } }, ({ merged, upper }) => {
    const opened = merged.openUnnamed("d", O_RDWR, 0o640);
    opened.write("content", 0);
    opened.linkTo(merged.at("d/named"));
    opened.close();
    expect(merged.read("d/named")).toBe("content");
    expect(upper.stat("d/named")).toMatchObject({ mode: "640", nlink: 1 });
  });

  it("what is made has its owner, mode, times and xattrs", { lower: { d: dir({ x: file() }) } }, ({ merged, upper }) => {
    merged.write("d/f", "content", 0o604);
    merged.chown("d/f", 5, 6);
    merged.setXattr("d/f", "user.big", Buffer.alloc(500, 1));
    merged.setXattr("d/f", "trusted.t", "t");
    merged.setMtime("d/f", 1500000000, 999999999);
    merged.mknod("d/p", "fifo", 0o600);
    merged.mknod("d/c", "character", 0o600, 1, 5);
    merged.symlink("t".repeat(500), "d/l");
    expect(upper.stat("d/f")).toMatchObject({ mode: "604", uid: 5, gid: 6, mtime: "1500000000.999999999" });
    expect(merged.xattr("d/f", "user.big").length).toBe(500);
    expect(merged.stat("d/c").device).toBe("1,5");
    expect(upper.readlink("d/l").length).toBe(500);
  });

  it("holes are made, told and filled", { needs: ["holes", "fallocate"], lower: { f: file(Buffer.alloc(2 * MIB, 1)) } }, ({ merged, upper }) => {
    const KEEP_SIZE_AND_PUNCH_HOLE = 3;
    merged.with("f", O_RDWR, (opened) => {
      opened.fallocate(KEEP_SIZE_AND_PUNCH_HOLE, MIB / 2, MIB);
      opened.sync();
      expect(opened.seek(0, SEEK_HOLE)).toBe(MIB / 2);
      expect(opened.seek(MIB / 2, SEEK_DATA)).toBe(MIB / 2 + MIB);
      opened.write("filled", MIB);
    });
    expect(upper.read("f").slice(MIB, MIB + 7)).toBe("filled\0");
  });

  it("a file deleted while open is read and written on", { needs: ["unlinked-files"], lower: { f: file("lower") }, upper: { u: file("upper") } }, ({ merged }) => {
    for (const name of ["f", "u"]) {
      const opened = merged.open(name, O_RDWR);
      opened.write("X", 0);
      merged.unlink(name);
      opened.write("YZ", 5);
      expect(opened.read(0, 100).slice(1)).toBe(name === "f" ? "owerYZ" : "pperYZ");
      expect(opened.stat().nlink).toBe(0);
      opened.close();
    }
  });
}
