import { describe, expect, it } from "vitest";
import { bytes } from "../../src/sys/bytes.js";
import { splitLayers, splitOptions, unescape } from "../../src/cli/escape.js";

const layers = (list: string): readonly string[] => splitLayers(bytes(list), "lowerdir").lower;

describe("option strings", () => {
  it("are split at commas, and a backslash keeps a comma in its option", () => {
    expect(splitOptions(bytes("ro,lowerdir=/a\\,b:/c,noatime"))).toEqual(["ro", "lowerdir=/a\\,b:/c", "noatime"]);
  });

  it("pass over empty options and trailing commas", () => {
    expect(splitOptions(bytes(",,ro,,rw,"))).toEqual(["ro", "rw"]);
    expect(splitOptions(bytes(""))).toEqual([]);
  });

  it("take an escaped backslash before a comma as the end of the option", () => {
    expect(splitOptions(bytes("upperdir=/a\\\\,ro"))).toEqual(["upperdir=/a\\\\", "ro"]);
  });
});

describe("layer lists", () => {
  it("are split at colons, topmost first", () => {
    expect(layers("/a:/b:/c")).toEqual(["/a", "/b", "/c"]);
  });

  it("take escaped colons, commas and backslashes as part of the name", () => {
    expect(layers("/a\\:lower\\:\\:dir:/b\\,c:/d\\\\e:/f\\g")).toEqual(["/a:lower::dir", "/b,c", "/d\\e", "/fg"]);
  });

  it("drop a backslash at the very end, as the kernel does", () => {
    expect(layers("/a\\")).toEqual(["/a"]);
    expect(unescape(bytes("\\"))).toBe("");
  });

  it("keep a newline that is escaped", () => {
    expect(unescape(bytes("/a\\\nb"))).toBe("/a\nb");
  });

  it("are refused when they begin or end in a colon, or are empty", () => {
    expect(() => layers(":/a")).toThrow("begins with a colon");
    expect(() => layers("/a:")).toThrow("ends in a colon");
    expect(() => layers("/a::")).toThrow("ends in a colon");
    expect(() => layers("")).toThrow("names no directory");
  });

  it("name data-only layers behind two colons each", () => {
    expect(splitLayers(bytes("/a:/b::/c::/d"), "lowerdir")).toEqual({ lower: ["/a", "/b"], dataOnly: ["/c", "/d"] });
    expect(() => layers("/a::/data:/b")).toThrow("a layer follows data-only layers");
    expect(() => layers("/a:::/data")).toThrow("three colons");
  });
});
