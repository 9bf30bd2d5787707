/**
 * What rests on file handles where a layer's file system has none or no uuid: it yields, as with the kernel, and
 * nothing is refused or mixed up.
 */
import { expect } from "vitest";
import { dir, file, hardLink } from "../harness/layers.js";
import { kernel, ovlfs } from "../harness/mounters.js";
import { overlay } from "../harness/overlay-cases.js";

const scene = { lower: { d: dir({ h: file("linked"), h2: hardLink("h") }), f: file("f") } };
const mounters = [kernel, ovlfs];

overlay("index=on over an overlay, which has no file handles", { on: { lowers: ["kernel overlay"], upper: "ext4" }, options: ["index=on"], mounters }, (it) => {
  it("falls back to index=off: a copy-up breaks a hard link", scene, ({ merged, fixture }) => {
    merged.append("d/h", "!");
    expect(["d/h", "d/h2"].map((name) => merged.read(name))).toEqual(["linked!", "linked"]);
    expect(fixture.work.list()).toEqual(["work"]);
  });
});

overlay("index=on over squashfs, which has no uuid", { on: { lowers: ["squashfs"], upper: "ext4" }, options: ["index=on"], mounters }, (it) => {
  it("is kept: one file system without a uuid is told by that", scene, ({ merged, fixture }) => {
    merged.append("d/h", "!");
    expect(["d/h", "d/h2"].map((name) => merged.read(name))).toEqual(["linked!", "linked!"]);
    expect(merged.stat("d/h2").ino).toBe(merged.stat("d/h").ino);
    expect(fixture.work.list()).toContain("index");
  });
});

overlay("defaults over squashfs, which has no uuid", { on: { lowers: ["squashfs"], upper: "ext4" }, mounters }, (it) => {
  it("a file that was copied up is found after the next mount, whatever its handle says now", scene, ({ merged, remount, fixture }) => {
    merged.append("f", "!");
    const before = merged.stat("f");
    remount();
    expect(merged.read("f")).toBe("f!");
    // Another image in the place of this one has other files under the same handles, so they are not followed.
    if (fixture.mounter === ovlfs) expect(merged.stat("f").ino).not.toBe(before.ino);
  });
});
