import { describe, expect, it } from "vitest";
import { fromMilliseconds, toNativeStat, toNativeStatFs } from "../../src/fuse-native/attributes.js";
import { deviceMajor, deviceMinor, encodeDevice } from "../../src/sys/device.js";
import { explained } from "../../src/fuse-native/binding.js";
import { InodeNumbers } from "../../src/fuse-native/inode-numbers.js";
import { timesOf } from "../../src/fuse-native/mends.js";
import { admitsOthers, nativeMountpoint, nativeOptions } from "../../src/fuse-native/mount-options.js";
import { fromNative, toNative } from "../../src/fuse-native/names.js";
import type { Engine } from "../../src/engine/engine.js";
import { bytes, type Bytes } from "../../src/sys/bytes.js";
import { MS_NOEXEC, MS_NOSUID, MS_RDONLY, MS_RELATIME } from "../../src/sys/constants.js";
import { E } from "../../src/sys/errno.js";
import { Stat } from "../../src/sys/stat.js";
import { MountError, type MountRequest } from "../../src/transport.js";

describe("names through fuse-native", () => {
  it("pass as UTF-8 and come back as they were", () => {
    for (const name of ["plain", "a b\n", "ü", "名前", "🙂", ""]) {
      expect(toNative(bytes(name))).toBe(name);
      expect(fromNative(name)).toBe(bytes(name));
    }
  });

  it("are refused where they are not UTF-8, or can't be told from such", () => {
    for (const name of ["a\xff", "\xc3", "\xed\xa0\x80", "\xef\xbf\xbd"]) expect(toNative(name as Bytes)).toBe(-E.EILSEQ);
    expect(fromNative("/d/a\uFFFD")).toBe(-E.EILSEQ);
  });
});

describe("attributes through fuse-native", () => {
  const stat = (seconds: number, nanoseconds: number): Stat => {
    const made = new Stat();
    made.mode = 0o100644;
    // The order of the fields is in src/sys/stat.ts: three times, each seconds and nanoseconds.
    for (const field of [8, 10, 12]) made.fields.set([seconds, nanoseconds], field);
    return made;
  };

  it("lose what is finer than a millisecond, and show 1970 for what was before", () => {
    expect(toNativeStat(stat(981173106, 123999999), new InodeNumbers()).mtime).toBe(981173106123);
    expect(toNativeStat(stat(-2, 500000000), new InodeNumbers()).atime).toBe(0);
  });

  it("take times as they are set, before 1970 too", () => {
    expect(fromMilliseconds(981173106123)).toEqual({ sec: 981173106, nsec: 123000000 });
    expect(fromMilliseconds(-1500)).toEqual({ sec: -2, nsec: 500000000 });
    expect(fromMilliseconds(0)).toEqual({ sec: 0, nsec: 0 });
  });

  it("keep device numbers in the 32 bits that the kernel has for them", () => {
    expect(encodeDevice(259, 300)).toBe(1114924);
    for (const [major, minor] of [[0, 0], [8, 1], [4095, 255], [259, 0xfffff]] as const) {
      const device = encodeDevice(major, minor);
      expect({ major: deviceMajor(device), minor: deviceMinor(device) }).toEqual({ major, minor });
    }
  });

  it("count blocks in larger units where there are too many", () => {
    const space = toNativeStatFs(Float64Array.of(0, 4096, 2 ** 34, 2 ** 33, 2 ** 32, 2 ** 40, 5, 255, 4096, 0));
    expect(space).toMatchObject({ bsize: 32768, frsize: 32768, blocks: 2 ** 31, bfree: 2 ** 30, bavail: 2 ** 29, files: 2 ** 32 - 1, ffree: 5, namemax: 255 });
    expect(toNativeStatFs(Float64Array.of(0, 4096, 100, 50, 40, 9, 8, 255, 4096, 0))).toMatchObject({ bsize: 4096, frsize: 4096, blocks: 100 });
  });

  it("give each wide inode number a narrow one of its own", () => {
    const numbers = new InodeNumbers();
    const narrow = [5n, 2n ** 40n, 2n ** 40n + 1n, 2n ** 40n, 0xffff_ffffn].map((ino) => numbers.narrow(ino));
    expect(narrow[0]).toBe(5);
    expect(narrow[1]).toBe(narrow[3]);
    expect(new Set(narrow).size).toBe(4);
  });
});

describe("the times of utimens", () => {
  const request = (atime: bigint, mtime: bigint): Buffer => {
    const thread = Buffer.alloc(360);
    thread.writeBigInt64LE(atime, 104);
    thread.writeBigInt64LE(mtime, 112);
    return thread;
  };

  it("are taken from the request, since the package hands out atime twice", () => {
    expect(timesOf(request(5n, 7n), 5, 0)).toEqual([5, 7]);
    expect(timesOf(request(2n ** 40n, -1500n), 0, 256)).toEqual([2 ** 40, -1500]);
    expect(timesOf(request(-1500n, 0n), 2 ** 32 - 1500, 2 ** 32 - 1)).toEqual([-1500, 0]);
  });

  it("are lost where the request is not as expected", () => {
    expect(timesOf(request(5n, 7n), 6, 0)).toEqual([NaN, NaN]);
    expect(timesOf(Buffer.alloc(100), 5, 0)).toEqual([NaN, NaN]);
  });
});

describe("a mount request in libfuse's words", () => {
  const warnings: string[] = [];
  const request = (changes: Partial<MountRequest> & { readonly readOnly?: boolean } = {}): MountRequest => {
    warnings.length = 0;
    const { readOnly = false, ...rest } = changes;
    return {
      engine: { readOnly } as unknown as Engine, mountpoint: bytes("/m"), source: bytes("ovlfs"), flags: 0, allowOther: false, copyUpAtOpen: false, passthrough: false, listsProvenance: false, tracer: { start: () => 0, servedFor: () => 0 }, debug: false,
      log: { warn: (message) => warnings.push(message), info: () => undefined }, ...rest,
    };
  };
  const words = (changes: Parameters<typeof request>[0]): string[] => nativeOptions(request(changes)).split(",");

  it("says what libfuse would do otherwise", () => {
    expect(words({})).toEqual(["fsname=ovlfs", "subtype=ovlfs", "default_permissions", "nonempty", "use_ino", "attr_timeout=0", "big_writes", "rw", "suid", "dev"]);
    expect(words({ flags: MS_RDONLY | MS_NOSUID | MS_NOEXEC })).toEqual(expect.arrayContaining(["ro", "nosuid", "dev", "noexec"]));
    expect(words({ readOnly: true })).toContain("ro");
    expect(warnings).toEqual([]);
  });

  it("escapes commas and backslashes of the source", () => {
    expect(nativeOptions(request({ source: bytes("a,b\\c") }))).toMatch(/^fsname=a\\,b\\\\c,subtype/);
  });

  it("admits others only where nothing can be made, and says so", () => {
    expect(words({ allowOther: true })).not.toContain("allow_other");
    expect(warnings).toEqual([expect.stringContaining("only the mounter")]);
    expect(words({ allowOther: true, readOnly: true })).toContain("allow_other");
    expect(warnings).toEqual([]);
    expect(admitsOthers(request({ readOnly: true }))).toBe(false);
  });

  it("names the flag that libfuse does not know", () => {
    words({ flags: MS_RELATIME });
    expect(warnings).toEqual(["--transport fuse-native ignores relatime: libfuse 2 does not know it"]);
  });

  it("refuses names that do not pass, before anything is mounted", () => {
    expect(nativeMountpoint(bytes("/m/ü"))).toBe("/m/ü");
    expect(() => nativeMountpoint("/m\xff" as Bytes)).toThrow(MountError);
    expect(() => nativeMountpoint(bytes(`/${"m".repeat(1024)}`))).toThrow(/1025 bytes/);
    expect(() => nativeOptions(request({ source: "\xff" as Bytes }))).toThrow(/not UTF-8/);
    expect(() => nativeOptions(request({ source: bytes("s".repeat(1000)) }))).toThrow(/shorter/);
  });
});

describe("a fuse-native that can't be loaded", () => {
  it("names what is to be installed", () => {
    const library = Object.assign(new Error("libfuse.so.2: cannot open shared object file"), { code: "ERR_DLOPEN_FAILED" });
    expect(explained(library).message).toMatch(/install the package libfuse2/);
    expect(explained(Object.assign(new Error("Cannot find module"), { code: "MODULE_NOT_FOUND" })).message).toMatch(/npm install/);
    expect(explained(new Error("No native build was found\nfor platform"))).toMatchObject({ name: "MountError", message: expect.stringMatching(/No native build was found\); use the default/) as string });
    expect(explained(new MountError("as it is")).message).toBe("as it is");
  });
});
