/** Options against each other: what conflicts, what yields, and what is said of it. */
import { describe, expect, test } from "vitest";
import { settle, type Config } from "../../src/engine/config.js";
import type { FeatureOptions } from "../../src/engine/options.js";
import { bytes } from "../../src/sys/bytes.js";

const layers = { lower: [bytes("/l")], upper: bytes("/u"), work: bytes("/w") };

function settled(options: FeatureOptions & { readonly upper?: undefined }, mayUseTrusted = true): Config & { readonly log: string } {
  const log: string[] = [];
  const config = settle({ ...layers, ...options } as never, mayUseTrusted, { warn: (message) => log.push(message) });
  return { ...config, log: log.join("; ") };
}

describe("what was asked for twice is refused", () => {
  test.each<[FeatureOptions, string]>([
    [{ metacopy: true, redirectDir: "follow" }, "metacopy=on,redirect_dir=follow"],
    [{ metacopy: true, redirectDir: "nofollow" }, "metacopy=on,redirect_dir=nofollow"],
    [{ metacopy: true, redirectDir: "off" }, "metacopy=on,redirect_dir=off"],
    [{ nfsExport: true, index: false }, "nfs_export=on,index=off"],
    [{ nfsExport: true, metacopy: true }, "nfs_export=on,metacopy=on"],
    [{ userxattr: true, redirectDir: "on" }, "userxattr,redirect_dir=on"],
    [{ userxattr: true, metacopy: true }, "userxattr,metacopy=on"],
  ])("%j", (options, message) => { expect(() => settled(options)).toThrow(`conflicting options: ${message};`); });
});

describe("a default yields", () => {
  test("metacopy=on brings redirect_dir=on", () => { expect(settled({ metacopy: true }).redirectDir).toBe("on"); });
  test("nfs_export=on brings index=on", () => { expect(settled({ nfsExport: true }).index).toBe(true); });
  test("userxattr brings redirect_dir=nofollow", () => { expect(settled({ userxattr: true }).redirectDir).toBe("nofollow"); });
  test("verity goes without metacopy", () => { expect(settled({ verity: "require" })).toMatchObject({ metacopy: false, verity: "require" }); });
  test("redirect_dir=off follows", () => { expect(settled({ redirectDir: "off" }).redirectDir).toBe("follow"); });
});

describe("without an upper", () => {
  const none = { upper: undefined };
  test("index, volatile and uuid=on are ignored, and said to be", () => {
    const config = settled({ ...none, index: true, fsync: "volatile", uuid: "on" });
    expect(config).toMatchObject({ index: false, fsync: "auto", uuid: "null" });
    expect(config.log).toMatch(/index=on is useless.*volatile is meaningless.*uuid=on needs an upper/);
  });
  test("metacopy goes with redirect_dir=follow", () => { expect(settled({ ...none, metacopy: true, redirectDir: "follow" }).redirectDir).toBe("on"); });
  test("nfs_export needs redirect_dir=nofollow", () => {
    expect(settled({ ...none, nfsExport: true })).toMatchObject({ nfsExport: false });
    expect(settled({ ...none, nfsExport: true, redirectDir: "nofollow" })).toMatchObject({ nfsExport: true, index: true });
  });
});

describe("who may not use trusted xattrs", () => {
  test.each<[FeatureOptions & { dataOnly?: readonly string[] }, string]>([
    [{ redirectDir: "on" }, "redirect_dir=on"], [{ metacopy: true }, "metacopy=on"], [{ verity: "on" }, "verity=on"],
    [{ dataOnly: ["/d"] }, "data-only layers"],
  ])("%j is refused", (options, message) => { expect(() => settled(options, false)).toThrow(`${message} needs trusted.* xattrs`); });
  test("redirect_dir=nofollow, index and userxattr are not", () => {
    expect(settled({ redirectDir: "nofollow", index: true }, false).index).toBe(true);
    expect(settled({ userxattr: true, verity: "on" }, false).verity).toBe("on");
  });
});
