/** Permissions: other users may do in the merged directory what the modes and ACLs that they see there say. */
import { expect } from "vitest";
import { dir, file, OLD, type LayerNode } from "../harness/layers.js";
import { overlay } from "../harness/overlay-cases.js";
import { outcome } from "../harness/syscalls.js";
import { ALICE, as, BOB, withUmask } from "../harness/users.js";
import { aclValue, capabilityValue } from "../harness/xattrs.js";
import { O_NOATIME, O_RDONLY, O_WRONLY } from "../../src/sys/constants.js";

const STAFF = 2000;
/** A case directory in which anybody may make things. */
function open(children: Readonly<Record<string, LayerNode>>): LayerNode { return dir(children, { mode: 0o777 }); }

overlay("permissions", {}, (it) => {
  it("a file's mode says who reads and writes it",
    { lower: { secret: file("s", { mode: 0o600 }), readable: file("r", { mode: 0o644 }), writable: file("w", { mode: 0o666 }), hers: file("h", { mode: 0o600, uid: ALICE.uid }) } },
    ({ merged, upper }) => {
      as(ALICE, () => {
        expect(outcome(() => merged.read("secret"))).toBe("EACCES");
        expect(merged.read("readable")).toBe("r");
        expect(outcome(() => merged.append("readable", "!"))).toBe("EACCES");
        merged.append("writable", "!");
        merged.append("hers", "!");
      });
      expect(upper.list()).toEqual(["hers", "writable"]);
      expect(merged.read("writable") + merged.read("hers")).toBe("w!h!");
    });

  it("a file copied up by another user keeps its owner", { lower: { d: dir({ f: file("x", { mode: 0o666, uid: 7, gid: 8 }) }, { uid: 9 }) } }, ({ merged, upper }) => {
    as(ALICE, () => { merged.append("d/f", "y"); });
    expect(upper.stat("d/f")).toMatchObject({ uid: 7, gid: 8, mode: "666" });
    expect(upper.stat("d")).toMatchObject({ uid: 9, gid: 0 });
  });

  it("who removes the ACL of a file of a group that is not theirs loses setgid, not who sets a default ACL", { needs: ["acls"], lower: {
    f: file("", { mode: 0o2755, uid: ALICE.uid, gid: STAFF }), staff: file("", { mode: 0o2755, uid: ALICE.uid, gid: STAFF }),
    d: dir({}, { mode: 0o2755, uid: ALICE.uid, gid: STAFF }),
  } }, ({ merged, upper }) => {
    as(ALICE, () => { merged.removeXattr("f", "system.posix_acl_access"); });
    expect(merged.stat("f").mode).toBe("755");
    expect(upper.stat("f").mode).toBe("755");
    as({ ...ALICE, groups: [STAFF] }, () => { expect(outcome(() => merged.removeXattr("staff", "system.posix_acl_access"))).toBe("ENODATA"); });
    expect(merged.stat("staff").mode).toBe("2755");
    const acl = aclValue([{ tag: "owner", permissions: 7 }, { tag: "group-owner", permissions: 5 }, { tag: "other", permissions: 5 }]);
    as(ALICE, () => { merged.setXattr("d", "system.posix_acl_default", acl); });
    expect(merged.stat("d").mode).toBe("2755");
  });

  it("what a user makes is the user's", { needs: ["user-owners"], lower: open({}) }, ({ merged, upper }) => {
    as(ALICE, () => {
      merged.create("f");
      merged.mkdir("d");
      merged.symlink("t", "s");
      merged.mknod("p", "fifo");
      merged.create("d/g");
    });
    for (const name of ["f", "d", "s", "p", "d/g"]) expect(upper.stat(name)).toMatchObject({ uid: ALICE.uid, gid: ALICE.gid });
  });

  it("a directory's mode says who makes and deletes in it", { needs: ["user-owners"], lower: { closed: dir({ f: file() }), hers: dir({ f: file() }, { uid: ALICE.uid }) } }, ({ merged }) => {
    as(ALICE, () => {
      expect(outcome(() => merged.create("closed/new"))).toBe("EACCES");
      expect(outcome(() => merged.mkdir("closed/new"))).toBe("EACCES");
      expect(outcome(() => merged.unlink("closed/f"))).toBe("EACCES");
      expect(outcome(() => merged.rename("closed/f", "closed/g"))).toBe("EACCES");
      expect(outcome(() => merged.rename("closed/f", "hers/g"))).toBe("EACCES");
      merged.create("hers/new");
      merged.unlink("hers/f");
      merged.rename("hers/new", "hers/newer");
    });
    expect(merged.list("hers")).toEqual(["newer"]);
  });

  it("a directory without search permission hides what is in it", { lower: { d: dir({ f: file("x") }, { mode: 0o700 }), r: dir({ f: file() }, { mode: 0o744 }) } }, ({ merged }) => {
    as(ALICE, () => {
      expect(outcome(() => merged.stat("d/f"))).toBe("EACCES");
      expect(outcome(() => merged.list("d"))).toBe("EACCES");
      expect(merged.list("r")).toEqual(["f"]);
      expect(outcome(() => merged.read("r/f"))).toBe("EACCES");
    });
    expect(merged.read("d/f")).toBe("x");
  });

  it("a change of mode holds for the next access", { lower: { f: file("x", { mode: 0o600 }), d: dir({ g: file("y") }, { mode: 0o700 }) } }, ({ merged }) => {
    expect(as(ALICE, () => outcome(() => merged.read("f")))).toBe("EACCES");
    merged.chmod("f", 0o644);
    merged.chmod("d", 0o755);
    as(ALICE, () => { expect(merged.read("f") + merged.read("d/g")).toBe("xy"); });
    merged.chmod("f", 0o600);
    expect(as(ALICE, () => outcome(() => merged.read("f")))).toBe("EACCES");
  });

  it("supplementary groups count", { needs: ["user-owners"], lower: { f: file("x", { mode: 0o060, gid: STAFF }), d: dir({}, { mode: 0o770, gid: STAFF }) } }, ({ merged }) => {
    expect(as(ALICE, () => outcome(() => merged.read("f")))).toBe("EACCES");
    as({ ...ALICE, groups: [STAFF] }, () => {
      merged.append("f", "y");
      merged.create("d/made");
      expect(merged.read("f")).toBe("xy");
    });
    expect(merged.stat("d/made")).toMatchObject({ uid: ALICE.uid, gid: ALICE.gid });
  });

  it("in a sticky directory only the owner deletes and renames",
    { needs: ["user-owners"], lower: { tmp: dir({ alices: file("", { uid: ALICE.uid }), bobs: file("", { uid: BOB.uid }), bobsdir: dir({}, { uid: BOB.uid }) }, { mode: 0o1777 }) } }, ({ merged }) => {
      as(ALICE, () => {
        expect(outcome(() => merged.unlink("tmp/bobs"))).toBe("EPERM");
        expect(outcome(() => merged.rename("tmp/bobs", "tmp/mine"))).toBe("EPERM");
        expect(outcome(() => merged.rmdir("tmp/bobsdir"))).toBe("EPERM");
        expect(outcome(() => merged.rename("tmp/alices", "tmp/bobs"))).toBe("EPERM");
        merged.unlink("tmp/alices");
        merged.create("tmp/new");
        merged.unlink("tmp/new");
      });
      expect(merged.list("tmp")).toEqual(["bobs", "bobsdir"]);
    });

  it("in a setgid directory what is made gets its group, and directories the bit", { needs: ["user-owners"], lower: { d: dir({}, { mode: 0o2777, gid: STAFF }) } }, ({ merged, upper }) => {
    as(ALICE, () => {
      merged.create("d/f", 0o664);
      merged.mkdir("d/sub", 0o755);
      merged.mknod("d/p", "fifo", 0o600);
      merged.symlink("t", "d/s");
    });
    for (const name of ["f", "sub", "p", "s"]) expect(upper.stat(`d/${name}`)).toMatchObject({ uid: ALICE.uid, gid: STAFF });
    expect(upper.stat("d/sub").mode).toBe("2755");
    expect(merged.stat("d/f").mode).toBe("644");
  });

  it("a user outside a directory's group can't make setgid programs in it", { needs: ["user-owners"], lower: { d: dir({}, { mode: 0o2777, gid: STAFF }) } }, ({ merged }) => {
    as(ALICE, () => { merged.create("d/f", 0o2755); });
    as({ ...ALICE, groups: [STAFF] }, () => { merged.create("d/g", 0o2755); });
    expect(merged.stat("d/f").mode).toBe("755");
    expect(merged.stat("d/g").mode).toBe("2755");
  });

  it("the umask of whoever makes it applies", { needs: ["user-owners"], lower: open({}) }, ({ merged }) => {
    withUmask(0o077, () => { as(ALICE, () => { merged.create("f", 0o666); }); });
    withUmask(0, () => { as(BOB, () => { merged.mkdir("d", 0o777); }); });
    expect(merged.stat("f").mode).toBe("600");
    expect(merged.stat("d").mode).toBe("777");
  });

  it("only the owner changes a mode, only root an owner", { lower: { f: file("", { uid: ALICE.uid, gid: ALICE.gid }) } }, ({ merged, upper }) => {
    as(BOB, () => { expect(outcome(() => merged.chmod("f", 0o666))).toBe("EPERM"); });
    as(ALICE, () => {
      expect(outcome(() => merged.chown("f", BOB.uid, -1))).toBe("EPERM");
      expect(outcome(() => merged.chown("f", -1, STAFF))).toBe("EPERM");
    });
    expect(upper.exists("f")).toBe(false);
    as({ ...ALICE, groups: [STAFF] }, () => { merged.chown("f", -1, STAFF); });
    as(ALICE, () => { merged.chmod("f", 0o2770); });
    expect(merged.stat("f")).toMatchObject({ uid: ALICE.uid, gid: STAFF, mode: "770" });
  });

  it("a write by another user takes setuid and setgid from the file", { lower: { f: file("x", { mode: 0o6777 }), g: file("x", { mode: 0o6777 }), h: file("x", { mode: 0o4777 }) } }, ({ merged, upper }) => {
    as(ALICE, () => { merged.patch("f", 0, "y"); });
    as(ALICE, () => { merged.truncate("g", 0); });
    expect(merged.stat("f").mode).toBe("777");
    expect(merged.stat("g").mode).toBe("777");
    expect(upper.stat("f").mode).toBe("777");
    merged.patch("h", 0, "y");
    expect(merged.stat("h").mode).toBe("4777");
  });

  it("who is not in a file's group takes its setgid bit by a change, also where the group may not execute; who is in it does not",
    { needs: ["lone-setgid"], lower: Object.fromEntries(["written", "cut", "allocated", "given"].flatMap((name) => [name, `${name}-by-member`].map((each) => [each, file("content", { mode: 0o2666, uid: ALICE.uid, gid: STAFF })]))) }, ({ merged }) => {
      const change = (suffix: string): string[] => {
        merged.patch(`written${suffix}`, 0, "y");
        merged.truncate(`cut${suffix}`, 1);
        merged.with(`allocated${suffix}`, O_WRONLY, (opened) => { opened.fallocate(0, 0, 100); });
        merged.chown(`given${suffix}`, -1, ALICE.gid);
        return ["written", "cut", "allocated", "given"].map((name) => merged.stat(`${name}${suffix}`).mode);
      };
      expect(new Set(as(ALICE, () => change("")))).toEqual(new Set(["666"]));
      expect(new Set(as({ ...ALICE, groups: [STAFF] }, () => change("-by-member")))).toEqual(new Set(["2666"]));
      merged.patch("written-by-member", 0, "z");
      expect(merged.stat("written-by-member").mode).toBe("2666");
    });

  it("a write takes the file's capabilities from it", { lower: { f: file("x", { mode: 0o777, xattrs: { "security.capability": capabilityValue() } }) } }, ({ merged, upper }) => {
    expect(merged.xattrs("f")).toEqual(["security.capability"]);
    as(ALICE, () => { merged.patch("f", 0, "y"); });
    expect(outcome(() => merged.xattr("f", "security.capability"))).toBe("ENODATA");
    expect(upper.xattrs("f")).not.toContain("security.capability");
  });

  it("times can be set to now by whoever may write, to another time only by the owner", { needs: ["separate-times"], lower: { f: file("", { mode: 0o666 }), g: file("", { mode: 0o644 }) } }, ({ merged }) => {
    as(ALICE, () => {
      expect(outcome(() => merged.setMtime("f", 1, 1))).toBe("EPERM");
      expect(outcome(() => merged.touch("g"))).toBe("EACCES");
      merged.touch("f");
    });
    expect(merged.stat("f").mtime).not.toBe(OLD);
  });

  it("xattrs of users follow the mode", { lower: { f: file("", { mode: 0o644, xattrs: { "user.a": "1" } }) } }, ({ merged }) => {
    as(ALICE, () => {
      expect(merged.xattr("f", "user.a")).toBe("1");
      expect(outcome(() => merged.setXattr("f", "user.a", "2"))).toBe("EACCES");
    });
  });

  it("only root makes device nodes", { lower: open({}) }, ({ merged }) => {
    as(ALICE, () => { expect(outcome(() => merged.mknod("null", "character", 0o666, 1, 3))).toBe("EPERM"); });
  });

  it("O_NOATIME is the owner's", { lower: { f: file("x") } }, ({ merged }) => {
    as(ALICE, () => { expect(outcome(() => merged.open("f", O_RDONLY | O_NOATIME))).toBe("EPERM"); });
  });

  it("an ACL grants and denies single users",
    {
      lower: {
        f: file("x", { xattrs: { "system.posix_acl_access": aclValue([
          { tag: "owner", permissions: 6 }, { tag: "user", id: ALICE.uid, permissions: 6 }, { tag: "user", id: BOB.uid, permissions: 0 },
          { tag: "group-owner", permissions: 4 }, { tag: "mask", permissions: 6 }, { tag: "other", permissions: 4 }]) } }),
      },
      needs: ["acls"],
    },
    ({ merged }) => {
      as(ALICE, () => { merged.append("f", "y"); });
      expect(as(BOB, () => outcome(() => merged.read("f")))).toBe("EACCES");
      expect(merged.read("f")).toBe("xy");
    });

  it("an ACL set in the merged directory holds at once and over a chmod", { lower: { f: file("x", { mode: 0o600 }) }, needs: ["acls"] }, ({ merged, upper }) => {
    expect(as(ALICE, () => outcome(() => merged.read("f")))).toBe("EACCES");
    merged.setXattr("f", "system.posix_acl_access", aclValue([
      { tag: "owner", permissions: 6 }, { tag: "user", id: ALICE.uid, permissions: 4 }, { tag: "group-owner", permissions: 0 },
      { tag: "mask", permissions: 4 }, { tag: "other", permissions: 0 }]));
    expect(as(ALICE, () => merged.read("f"))).toBe("x");
    expect(merged.stat("f").mode).toBe("640");
    merged.chmod("f", 0o600);
    expect(as(ALICE, () => outcome(() => merged.read("f")))).toBe("EACCES");
    expect(upper.xattr("f", "system.posix_acl_access")).toBe(merged.xattr("f", "system.posix_acl_access"));
  });

  it("an ACL that says no more than the mode becomes the mode", { lower: { f: file("x", { mode: 0o600 }) }, needs: ["acls"] }, ({ merged, upper }) => {
    merged.setXattr("f", "system.posix_acl_access", aclValue([{ tag: "owner", permissions: 7 }, { tag: "group-owner", permissions: 5 }, { tag: "other", permissions: 1 }]));
    expect(merged.stat("f").mode).toBe("751");
    expect(upper.xattrs("f").filter((name) => name.startsWith("system."))).toEqual([]);
  });

  it("a default ACL is passed on to what is made, in place of the umask",
    {
      lower: {
        d: dir({}, { mode: 0o777, xattrs: { "system.posix_acl_default": aclValue([
          { tag: "owner", permissions: 7 }, { tag: "user", id: BOB.uid, permissions: 7 }, { tag: "group-owner", permissions: 5 },
          { tag: "mask", permissions: 7 }, { tag: "other", permissions: 0 }]) } }),
      },
      needs: ["acls"],
    },
    ({ merged, upper }) => {
      withUmask(0o077, () => {
        as(ALICE, () => {
          merged.create("d/f", 0o666);
          merged.mkdir("d/sub", 0o777);
          merged.symlink("t", "d/s");
        });
      });
      expect(upper.stat("d/f").mode).toBe("660");
      expect(upper.stat("d/sub").mode).toBe("770");
      expect(merged.xattrs("d/f")).toEqual(["system.posix_acl_access"]);
      expect(merged.xattrs("d/sub")).toEqual(["system.posix_acl_access", "system.posix_acl_default"]);
      as(BOB, () => { merged.append("d/f", "bob was here"); });
      expect(merged.read("d/f")).toBe("bob was here");
    });

  it("a default ACL can be set and removed in the merged directory", { lower: { d: dir({ low: file() }) }, needs: ["acls"] }, ({ merged }) => {
    merged.setXattr("d", "system.posix_acl_default", aclValue([{ tag: "owner", permissions: 7 }, { tag: "group-owner", permissions: 0 }, { tag: "other", permissions: 0 }]));
    merged.create("d/f", 0o666);
    expect(merged.stat("d/f").mode).toBe("600");
    merged.removeXattr("d", "system.posix_acl_default");
    merged.create("d/g", 0o666);
    expect(merged.stat("d/g").mode).toBe("644");
  });
});
