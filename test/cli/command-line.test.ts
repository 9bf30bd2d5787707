import { describe, expect, it } from "vitest";
import { bytes } from "../../src/sys/bytes.js";
import { parseCommand, type Command, type MountCommand, type UmountCommand } from "../../src/cli/command-line.js";

const parse = (...words: readonly string[]): Command => parseCommand(words.map(bytes));

function mount(...words: readonly string[]): MountCommand {
  const command = parse(...words);
  if (command.kind !== "mount") throw new Error(`not a mount: ${command.kind}`);
  return command;
}

describe("ovlfs mount", () => {
  it("takes layers, options and the mount point", () => {
    expect(mount("mount", "--lower", "/a:/b", "--upper", "/u", "--work", "/w", "-o", "noatime", "/m")).toEqual({
      kind: "mount", mountpoint: "/m", lower: ["/a", "/b"], upper: "/u", work: "/w", source: "ovlfs", flags: ["MS_NOATIME"],
      dataOnly: [], features: {}, presentation: {},
      allowOther: false, debug: false, copyUpAtOpen: false, passthrough: false, listsProvenance: false, foreground: false, transport: "fuse", profile: false, trace: false,
    });
  });

  it("adds the layers of a second --lower below those of the first", () => {
    expect(mount("mount", "--lower", "/a:/b", "--lower=/c", "/m").lower).toEqual(["/a", "/b", "/c"]);
  });

  it("takes options anywhere, also behind the mount point, and several -o", () => {
    const command = mount("mount", "/m", "-o", "ro", "--lower=/a", "-onodev,", "--options=,noexec");
    expect(command.mountpoint).toBe("/m");
    expect(command.flags).toEqual(["MS_RDONLY", "MS_NODEV", "MS_NOEXEC"]);
  });

  it("takes --upper and --work literally", () => {
    const command = mount("mount", "--lower", "l", "--upper", "a\\b:c,d", "--work=e=f", "m");
    expect([command.upper, command.work]).toEqual(["a\\b:c,d", "e=f"]);
  });

  it("takes layers from -o as well", () => {
    expect(mount("mount", "-o", "lowerdir=/a,upperdir=/u,workdir=/w", "/m")).toMatchObject({ lower: ["/a"], upper: "/u", work: "/w" });
  });

  it("refuses lower layers from --lower and -o together", () => {
    expect(() => mount("mount", "--lower", "/a", "-o", "lowerdir=/b", "/m")).toThrow("--lower and lowerdir both name lower layers");
  });

  it("takes a profile, to the log or to a file", () => {
    expect(mount("mount", "--profile", "--lower", "/a", "/m")).toMatchObject({ profile: true, mountpoint: "/m" });
    expect(mount("mount", "-o", "profile", "--lower", "/a", "/m")).toMatchObject({ profile: true, foreground: false });
    expect(mount("mount", "--profile=/p", "--lower", "/a", "/m")).toMatchObject({ profile: true, profileFile: "/p" });
    expect(() => mount("mount", "--profile", "--transport", "fuse-native", "--lower", "/a", "/m"))
      .toThrow("--profile is not supported by --transport fuse-native; leave one of them out");
  });

  it("stays in front with -f, and with debug in all its forms", () => {
    for (const option of ["-f", "--foreground", "-d", "--debug", "-odebug"]) {
      expect(mount("mount", option, "--lower", "/a", "/m").foreground).toBe(true);
    }
    expect(mount("mount", "-fd", "--lower", "/a", "/m").debug).toBe(true);
    expect(mount("mount", "-f", "--lower", "/a", "/m").debug).toBe(false);
  });

  it("takes a transport and a log file", () => {
    expect(mount("mount", "--transport", "fuse-native", "--log=/l", "--lower", "/a", "/m")).toMatchObject({ transport: "fuse-native", logFile: "/l" });
    expect(() => mount("mount", "--transport", "smoke", "--lower", "/a", "/m")).toThrow("unknown transport 'smoke'");
  });

  it("takes what follows -- as plain words", () => {
    expect(mount("mount", "--lower", "/a", "--", "-m").mountpoint).toBe("-m");
  });

  it("keeps words that are not UTF-8", () => {
    const command = parseCommand([bytes("mount"), bytes("--lower"), "/\xff" as ReturnType<typeof bytes>, "\xfe" as ReturnType<typeof bytes>]);
    expect(command).toMatchObject({ lower: ["/\xff"], mountpoint: "\xfe" });
  });

  it.each<[string, readonly string[], string]>([
    ["no mount point", ["--lower", "/a"], "no mount point is given"],
    ["an empty mount point", ["--lower", "/a", ""], "the mount point is empty"],
    ["no lower layer", ["/m"], "no lower layer is given; name at least one by --lower DIR"],
    ["only an emptied lowerdir", ["-o", "lowerdir=", "/m"], "no lower layer is given"],
    ["an empty upper", ["--lower", "/a", "--upper", "", "--work", "w", "/m"], "--upper or upperdir is empty"],
    ["two mount points", ["--lower", "/a", "/m", "/n"], "one word too many: '/n'"],
    ["an option without its value", ["/m", "--lower"], "--lower needs a value; write '--lower DIR[:DIR]...'"],
    ["a value for a switch", ["--foreground=yes", "--lower", "/a", "/m"], "--foreground takes no value"],
    ["an unknown long option", ["--lowr", "/a", "/m"], "unknown option '--lowr'; 'ovlfs mount --help' lists"],
    ["an unknown letter", ["-fx", "--lower", "/a", "/m"], "unknown option '-x'"],
    ["an unknown -o option", ["--lower", "/a", "-o", "ro,foo", "/m"], "unknown option 'foo'"],
  ])("refuses %s", (_, words, message) => {
    expect(() => mount("mount", ...words)).toThrow(message);
  });
});

describe("the form of fuse-overlayfs and mount.fuse", () => {
  it("takes layers from -o and the mount point as the only word", () => {
    expect(mount("-f", "-o", "lowerdir=/a:/b,upperdir=/u,workdir=/w", "/m")).toMatchObject({
      lower: ["/a", "/b"], upper: "/u", work: "/w", mountpoint: "/m", foreground: true, source: "ovlfs",
    });
  });

  it("takes a source before the mount point", () => {
    expect(mount("layers", "/m", "-o", "lowerdir=/a,rw,dev,suid")).toMatchObject({ source: "layers", mountpoint: "/m" });
    expect(mount("layers", "/m", "-o", "lowerdir=/a,fsname=other").source).toBe("other");
  });

  it("refuses a third word, and a first that looks like a misspelt command", () => {
    expect(() => parse("a", "/m", "b", "-o", "lowerdir=/a")).toThrow("one word too many: 'b'");
    expect(() => parse("unmount", "/m")).toThrow("unknown command 'unmount'");
    expect(() => parse("/m")).toThrow("no lower layer is given");
    expect(() => parse()).toThrow("no command is given");
  });
});

describe("ovlfs umount", () => {
  const umount = (...words: readonly string[]): UmountCommand => parse("umount", ...words) as UmountCommand;

  it("takes a mount point, and -l to detach", () => {
    expect(umount("/m")).toEqual({ kind: "umount", mountpoint: "/m", lazy: false });
    expect(umount("-l", "/m").lazy).toBe(true);
    expect(umount("/m", "--lazy").lazy).toBe(true);
  });

  it("refuses no word, two words and unknown options", () => {
    expect(() => umount()).toThrow("no mount point is given");
    expect(() => umount("/m", "/n")).toThrow("one word too many: '/n'");
    expect(() => umount("-f", "/m")).toThrow("unknown option '-f'; 'ovlfs umount --help' lists");
  });
});

describe("--help and --version", () => {
  it("are commands of their own, whatever else is there", () => {
    expect(parse("--version")).toEqual({ kind: "version" });
    expect(parse("-V")).toEqual({ kind: "version" });
    expect(parse("--help")).toEqual({ kind: "help", topic: "ovlfs" });
    expect(parse("mount", "--help")).toEqual({ kind: "help", topic: "mount" });
    expect(parse("umount", "-h")).toEqual({ kind: "help", topic: "umount" });
  });
});
