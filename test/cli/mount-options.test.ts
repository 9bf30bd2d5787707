import { describe, expect, it } from "vitest";
import { bytes } from "../../src/sys/bytes.js";
import { applyMountOptions, describeMountOptions, mountOptions } from "../../src/cli/mount-options.js";
import { Settings } from "../../src/cli/settings.js";

function settingsOf(...texts: readonly string[]): Settings {
  const settings = new Settings();
  for (const text of texts) applyMountOptions(settings, bytes(text));
  return settings;
}

const flagsOf = (text: string): readonly string[] => [...settingsOf(text).flags].sort();

describe("layers in -o", () => {
  it("are taken from lowerdir, upperdir and workdir", () => {
    const settings = settingsOf("lowerdir=/a:/b,upperdir=/u,workdir=/w");
    expect(settings.lower).toEqual(["/a", "/b"]);
    expect(settings.upper).toBe("/u");
    expect(settings.work).toBe("/w");
  });

  it("unescape upperdir and workdir", () => {
    const settings = settingsOf("upperdir=/u\\,1\\:2,workdir=/w\\\\");
    expect(settings.upper).toBe("/u,1:2");
    expect(settings.work).toBe("/w\\");
  });

  it("keep an equals sign in a name", () => {
    expect(settingsOf("lowerdir=/a=b").lower).toEqual(["/a=b"]);
  });

  it("are replaced by a second lowerdir, as in the kernel", () => {
    expect(settingsOf("lowerdir=/a:/b", "lowerdir=/c").lower).toEqual(["/c"]);
    expect(settingsOf("lowerdir=/a,lowerdir=").lower).toEqual([]);
  });

  it("are appended literally by lowerdir+", () => {
    expect(settingsOf("lowerdir+=/a:1,lowerdir+=/b\\:2").lower).toEqual(["/a:1", "/b\\:2"]);
  });

  it("cannot be named by both lowerdir and lowerdir+", () => {
    expect(() => settingsOf("lowerdir=/a,lowerdir+=/b")).toThrow("lowerdir and lowerdir+ both name lower layers");
  });

  it("can be data-only, below all that are merged", () => {
    const settings = settingsOf("lowerdir+=/a,datadir+=/b\\:c,datadir+=/d");
    expect([settings.lower, settings.dataOnly]).toEqual([["/a"], ["/b\\:c", "/d"]]);
    expect(settingsOf("lowerdir=/a::/b::/c").dataOnly).toEqual(["/b", "/c"]);
    expect(() => settingsOf("datadir+=/a,lowerdir+=/b")).toThrow("lowerdir+ follows a data-only layer");
  });

  it("keep bytes that are not UTF-8", () => {
    const settings = new Settings();
    applyMountOptions(settings, "lowerdir=/\xff\xfe:/\xe9" as ReturnType<typeof bytes>);
    expect(settings.lower).toEqual(["/\xff\xfe", "/\xe9"]);
  });
});

describe("generic options", () => {
  it("set and clear flags, the last one winning", () => {
    expect(flagsOf("ro,nosuid,nodev,noexec,sync,dirsync,nodiratime,lazytime")).toEqual([
      "MS_DIRSYNC", "MS_LAZYTIME", "MS_NODEV", "MS_NODIRATIME", "MS_NOEXEC", "MS_NOSUID", "MS_RDONLY", "MS_SYNCHRONOUS",
    ]);
    expect(flagsOf("ro,rw,nosuid,suid,nodev,dev,noexec,exec,sync,async,nodiratime,diratime,lazytime,nolazytime")).toEqual([]);
    expect(flagsOf("rw,ro")).toEqual(["MS_RDONLY"]);
  });

  it("let one way of keeping access times replace another", () => {
    expect(flagsOf("noatime,relatime")).toEqual(["MS_RELATIME"]);
    expect(flagsOf("relatime,strictatime,noatime")).toEqual(["MS_NOATIME"]);
    expect(flagsOf("noatime,atime,strictatime,nostrictatime,relatime,norelatime")).toEqual([]);
  });

  it("that are for mount(8) are passed over", () => {
    expect(flagsOf("defaults,auto,noauto,user,nouser,users,owner,group,nofail,_netdev,user=root,comment=a b,x-systemd.automount,X-mount.mkdir=0755,default_permissions")).toEqual([]);
  });

  it("switch on allow_other, debug and volatile", () => {
    const settings = settingsOf("allow_other,debug,volatile");
    expect([settings.allowOther, settings.debug, settings.features.fsync]).toEqual([true, true, "volatile"]);
    expect(settingsOf("fsync=volatile").features.fsync).toBe("volatile");
    expect(settingsOf("volatile,fsync=auto").features.fsync).toBe("auto");
  });

  it("ask for features of the format, the last of two holding", () => {
    expect(settingsOf("redirect_dir=on,metacopy=on,index=off,nfs_export=off,uuid=null,verity=require,userxattr,redirect_dir=nofollow").features).toEqual({
      redirectDir: "nofollow", metacopy: true, index: false, nfsExport: false, uuid: "null", verity: "require", userxattr: true,
    });
  });

  it("set the source by fsname", () => {
    expect(settingsOf("fsname=my\\,layers,subtype=ovlfs").source).toBe("my,layers");
  });
});

describe("refused options", () => {
  it.each([
    ["foo", "unknown option 'foo'"],
    ["foo=bar", "unknown option 'foo'"],
    ["RO", "unknown option 'RO'"],
    ["xino=maybe", "'xino=maybe' is not supported; use xino=on or xino=auto or xino=off, or leave it out"],
    ["redirect_dir=ON", "'redirect_dir=ON' is not supported; use redirect_dir=on"],
    ["index=1", "'index=1' is not supported; use index=on or index=off"],
    ["subtype=other", "'subtype=other' is not supported"],
    ["nooverride_creds", "'nooverride_creds' is not supported: the daemon has no credentials but its own"],
    ["allow_root", "'allow_root' is not supported"],
    ["remount", "'remount' is not supported"],
    ["lowerdir", "'lowerdir' needs a value; write 'lowerdir=DIR[:DIR]...'"],
    ["index", "'index' needs a value; write 'index=on|off'"],
    ["ro=1", "'ro' takes no value"],
    ["volatile=1", "'volatile' takes no value"],
  ])("%s", (text, message) => {
    expect(() => settingsOf(text)).toThrow(message);
  });
});

describe("the help", () => {
  it("names every option that is not refused", () => {
    const text = describeMountOptions();
    for (const row of mountOptions) if (!("refused" in row)) expect(text).toContain(row.name);
  });

  it("has no option twice", () => {
    const names = mountOptions.map((row) => row.name);
    expect(new Set(names).size).toBe(names.length);
  });
});
