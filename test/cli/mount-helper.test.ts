import { describe, expect, it } from "vitest";
import { parseCommand } from "../../src/cli/command-line.js";
import { bytes } from "../../src/sys/bytes.js";

const helper = (...words: readonly string[]): ReturnType<typeof parseCommand> => parseCommand(["mount-helper", ...words].map(bytes));

describe("the words of mount(8) for its helpers", () => {
  it("are those of a mount, wherever the options stand", () => {
    const expected = { kind: "mount", source: "src", mountpoint: "/m", lower: ["l"], foreground: false };
    expect(helper("src", "/m", "-n", "-o", "rw,lowerdir=l")).toMatchObject(expected);
    expect(helper("-sv", "-t", "fuse.ovlfs", "src", "/m", "-o", "rw", "-o", "lowerdir=l")).toMatchObject(expected);
  });

  it("ask for nothing with -f, but for right words", () => {
    expect(helper("src", "/m", "-fv", "-o", "lowerdir=l")).toEqual({ kind: "nothing" });
    expect(() => helper("src", "/m", "-f", "-o", "nonsense")).toThrow(/unknown option 'nonsense'/);
  });

  it("are refused where they are not mount(8)'s", () => {
    expect(() => helper("/m", "-o", "lowerdir=l")).toThrow(/a source and a mount point/);
    expect(() => helper("a", "b", "c", "-o", "lowerdir=l")).toThrow(/a source and a mount point/);
    expect(() => helper("src", "/m", "-N", "/proc/1/ns/mnt")).toThrow(/nsenter/);
    expect(() => helper("src", "/m", "--lower", "l")).toThrow(/unknown option '--lower'/);
  });
});
