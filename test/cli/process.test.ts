import { describe, expect, it } from "vitest";
import { DaemonLog } from "../../src/cli/log.js";
import { parseMountTable } from "../../src/sys/mount-table.js";
import { lastWords } from "../../src/cli/words.js";

describe("the words in /proc/self/cmdline", () => {
  it("are the last ones, behind those of Node itself", () => {
    expect(lastWords("node\0--enable-source-maps\0/main.js\0mount\0\xff\0\0", 3)).toEqual(["mount", "\xff", ""]);
    expect(lastWords("node\0/main.js\0", 0)).toEqual([]);
  });
});

describe("the mount table", () => {
  it("gives mount points as bytes, types with their subtype, and what the file system says of its options", () => {
    const table = [
      "24 1 254:0 / / rw,relatime - ext4 /dev/vda rw",
      "90 24 0:50 /sub /mnt/a\\040b\\134c\\012 rw,nosuid shared:7 master:3 - fuse.ovlfs my\\040layers rw,user_id=0",
      "",
    ].join("\n");
    expect(parseMountTable(table)).toEqual([
      { mountpoint: "/", type: "ext4", root: "/", superOptions: ["rw"] },
      { mountpoint: "/mnt/a b\\c\n", type: "fuse.ovlfs", root: "/sub", superOptions: ["rw", "user_id=0"] },
    ]);
  });
});

describe("the log", () => {
  function recorder(): { readonly lines: string[]; readonly log: DaemonLog } {
    const lines: string[] = [];
    return { lines, log: new DaemonLog((_, message) => { lines.push(message); }) };
  }

  it("writes each cause once and what has no cause always", () => {
    const { lines, log } = recorder();
    log.warn("first", "disk");
    log.warn("second", "disk");
    log.warn("third", "layer");
    log.warn("fourth");
    log.warn("fourth");
    expect(lines).toEqual(["first", "third", "fourth", "fourth"]);
  });

  it("survives a sink that fails", () => {
    const log = new DaemonLog(() => { throw new Error("ENOSPC"); });
    expect(() => log.warn("message")).not.toThrow();
  });
});
