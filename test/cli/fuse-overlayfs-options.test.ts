/** Option strings as containers-storage, buildah and users of fuse-overlayfs write them. */
import { describe, expect, it } from "vitest";
import { parseCommand, type MountCommand } from "../../src/cli/command-line.js";
import { bytes } from "../../src/sys/bytes.js";

/** `ovlfs -o OPTIONS MERGED`. */
function mount(options: string): MountCommand {
  const command = parseCommand(["-o", options, "/m"].map(bytes));
  if (command.kind !== "mount") throw new Error(command.kind);
  return command;
}

describe("the form of fuse-overlayfs", () => {
  it("passes over empty options, and commas that one begins with", () => {
    for (const options of ["lowerdir=A:B:C,upperdir=U,workdir=W,,volatile", "lowerdir=A:B:C,upperdir=U,workdir=W,\\,volatile", ",lowerdir=A:B:C,upperdir=U,workdir=W,volatile,"]) {
      expect(mount(options)).toMatchObject({ lower: ["A", "B", "C"], upper: "U", work: "W", features: { fsync: "volatile" } });
    }
  });

  it("takes a trailing comma, and a lower alone", () => {
    expect(mount("lowerdir=A,upperdir=U,workdir=W,")).toMatchObject({ upper: "U", work: "W" });
    expect(mount("lowerdir=A")).not.toHaveProperty("upper");
  });

  it("reads the marks of OCI layers unless it is told otherwise, as 'ovlfs mount' does not", () => {
    expect(mount("lowerdir=A").features).toEqual({ whiteouts: "oci" });
    expect(mount("lowerdir=A,whiteouts=overlay").features).toEqual({ whiteouts: "overlay" });
    expect((parseCommand(["mount", "--lower", "A", "/m"].map(bytes)) as MountCommand).features).toEqual({});
  });

  it("takes fsync=0 and fsync=1, which 'ovlfs mount' refuses as the kernel does", () => {
    expect(mount("lowerdir=A,fsync=0").features.fsync).toBe("off");
    expect(mount("lowerdir=A,fsync=1").features.fsync).toBe("auto");
    expect(mount("lowerdir=A,fsync=strict").features.fsync).toBe("strict");
    expect(() => parseCommand(["mount", "-o", "lowerdir=A,fsync=0", "/m"].map(bytes))).toThrow("'fsync=0' is not supported; use fsync=auto");
  });

  it("passes over how a mount propagates, and how fuse-overlayfs works", () => {
    const options = "private,rslave,threaded=1,fast_ino=1,plugins=p:q,max_write=131072,kernel_cache,splice_read,splice_move";
    expect(mount(`lowerdir=A,metacopy=on,${options}`)).toMatchObject({ features: { metacopy: true }, flags: [] });
  });

  it("takes a context in quotes with its commas", () => {
    expect(mount('lowerdir=A,context="system_u:object_r:container_file_t:s0:c1,c2",volatile')).toMatchObject({
      context: "system_u:object_r:container_file_t:s0:c1,c2", features: { fsync: "volatile" },
    });
    expect(mount("lowerdir=A,context=u:r:t").context).toBe("u:r:t");
  });

  it("takes a timeout in seconds", () => {
    expect(mount("lowerdir=A,timeout=1.5").timeout).toBe(1.5);
    expect(mount("lowerdir=A,timeout=0").timeout).toBe(0);
    for (const wrong of ["", "x", "-1", "1e3", "."]) expect(() => mount(`lowerdir=A,timeout=${wrong}`)).toThrow("is not a number of seconds");
  });

  it("takes 120 layers with relative names that only the kernel resolves", () => {
    const layers = Array.from({ length: 120 }, (_, i) => `l/${"X".repeat(26)}${String(i)}/../${"y".repeat(30)}/diff${String(i)}`);
    expect(mount(`lowerdir=${layers.join(":")},upperdir=u,workdir=w`).lower).toEqual(layers);
  });

  it("takes maps of ids in threes, with colons more than needed and several ranges", () => {
    expect(mount("lowerdir=A,uidmapping=:0:100000:5000,gidmapping=:0:100000:5000:5000:0:1").presentation).toEqual({
      uidMapping: [{ onDisk: 0, shown: 100000, count: 5000 }],
      gidMapping: [{ onDisk: 0, shown: 100000, count: 5000 }, { onDisk: 5000, shown: 0, count: 1 }],
    });
    for (const wrong of ["", ":", "0:1", "0:1:2:3", "a:0:1", "0:-1:1", "4294967290:0:6", "0:4294967295:1"]) {
      expect(() => mount(`lowerdir=A,uidmapping=${wrong}`), wrong).toThrow(/'uidmapping=.*' can't be used: .*; write 'uidmapping=ONDISK:SHOWN:COUNT/);
    }
  });

  it("takes squashed owners, each kind before squash_to_root", () => {
    expect(mount("lowerdir=A,squash_to_uid=1000,squash_to_gid=100").presentation).toEqual({ squashUid: 1000, squashGid: 100 });
    expect(mount("lowerdir=A,squash_to_gid=100,squash_to_root").presentation).toEqual({ squashUid: 0, squashGid: 100 });
    expect(() => mount("lowerdir=A,squash_to_uid=root")).toThrow("'squash_to_uid=root' can't be used: 'root' is no id; write 'squash_to_uid=ID'");
  });

  it("takes xattr_permissions as a number", () => {
    expect(mount("lowerdir=A,xattr_permissions=2").presentation).toEqual({ xattrPermissions: "user" });
    expect(mount("lowerdir=A,xattr_permissions=1").presentation).toEqual({ xattrPermissions: "security" });
    expect(mount("lowerdir=A,xattr_permissions=0").presentation).toEqual({});
    expect(() => mount("lowerdir=A,xattr_permissions=3")).toThrow("'xattr_permissions=3' is not supported; use 0, 1 or 2");
  });

  it("takes static_nlink, noacl and ino32_t", () => {
    expect(mount("lowerdir=A,static_nlink,noacl,ino32_t").presentation).toEqual({ staticNlink: true, noAcl: true, shortInodeNumbers: true });
  });
});
