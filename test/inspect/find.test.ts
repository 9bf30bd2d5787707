/** Which overlay a path lies in, and of what layers: from the kernel's mount table, and from what an ovlfs says of itself. */
import { mkdirSync, symlinkSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { findOverlay } from "../../src/inspect/index.js";
import { kernelSpec } from "../../src/inspect/kernel-mount.js";
import { ovlfsSpec } from "../../src/inspect/ovlfs-mount.js";
import { parseMountTable } from "../../src/sys/mount-table.js";
import { dir, file } from "../harness/layers.js";
import { kernel, ovlfs } from "../harness/mounters.js";
import { OverlayFixture } from "../harness/overlay-fixture.js";
import { mustRun, run } from "../harness/processes.js";
import { raw } from "../harness/syscalls.js";

function specOf(options: string): ReturnType<typeof kernelSpec> {
  return kernelSpec(parseMountTable(`90 24 0:50 / /m rw,relatime - overlay overlay rw,${options}`)[0]!);
}

describe("the mount table", () => {
  it("shows a lowerdir in the overlay's escapes and its own", () => {
    const spec = specOf("lowerdir=/a\\134\\054b\\134:c\\040d:/l::/data,upperdir=/u\\134\\054x:y\\134\\134z,workdir=/w");
    expect(spec).toMatchObject({ lower: ["/a,b:c d", "/l"], dataOnly: ["/data"], upper: "/u,x:y\\z", work: "/w", merged: "/m" });
  });

  it("shows lowerdir+ and datadir+ literally", () => {
    expect(specOf("lowerdir+=/l+:\\134q,lowerdir+=/l,datadir+=/d")).toMatchObject({ lower: ["/l+:\\q", "/l"], dataOnly: ["/d"], upper: null });
  });

  it("leaves out options that are the module's defaults, which are in force all the same", () => {
    expect(specOf("lowerdir=/l,redirect_dir=nofollow,uuid=on").options).toEqual(expect.arrayContaining(["redirect_dir=nofollow", "uuid=on", "rw"]));
    const names = specOf("lowerdir=/l").options.map((option) => option.split("=")[0]);
    expect(names).toEqual(["rw", "redirect_dir", "metacopy", "index", "nfs_export"]);
  });

  it("may show relative layers that nobody can tell the place of", () => {
    expect(() => specOf("lowerdir=nowhere/l")).toThrow(/^the overlay at '\/m' names its layers by relative paths \('nowhere\/l'\); run this in the directory/);
  });
});

describe("an ovlfs", () => {
  it("says its layers in virtual xattrs", () => {
    const answers: Record<string, string> = {
      "user.ovlfs.layers": "2", "user.ovlfs.lower.0": "/a\xff", "user.ovlfs.lower.1": "/b", "user.ovlfs.lower.2": "/not asked",
      "user.ovlfs.data.0": "/d", "user.ovlfs.upper": "/u", "user.ovlfs.work": "/w",
      "user.ovlfs.options": "redirect_dir=on,userxattr", "user.ovlfs.statistics": "copy-ups 3\nwhiteouts 1\n",
    };
    expect(ovlfsSpec(raw("/m"), (_, name) => raw(answers[name] ?? "") || null)).toEqual({
      source: "ovlfs", merged: "/m", lower: ["/a\xff", "/b"], dataOnly: ["/d"], upper: "/u", work: "/w",
      options: ["redirect_dir=on", "userxattr"], statistics: new Map([["copy-ups", "3"], ["whiteouts", "1"]]),
    });
  });

  it("of a version that says nothing is refused with a sentence", () => {
    expect(() => ovlfsSpec(raw("/m"), () => null)).toThrow("the ovlfs at '/m' does not say what its layers are");
  });
});

describe("a path", () => {
  let fixture: OverlayFixture | undefined;
  afterEach(() => fixture?.end());

  it("leads into a kernel's overlay through symlinks, binds and `..`, and need not exist there", ({ skip }) => {
    skip(kernel.unavailable() !== null, kernel.unavailable() ?? "");
    fixture = new OverlayFixture(kernel, { lowers: [dir({ sub: dir({ f: file("x") }) }), dir()], upper: dir() });
    fixture.start();
    const { place, merged, lowers, upper } = fixture;
    const layers = { source: "kernel", merged: merged.path, lower: lowers.map(({ path }) => path), upper: upper.path };
    const find = (path: string): unknown => findOverlay(raw(path));
    expect(find(merged.path)).toMatchObject({ path: "/", spec: layers });
    expect(find(`${merged.path}/sub/gone/f`)).toMatchObject({ path: "/sub/gone/f", spec: layers });
    expect(find(`${merged.path}/sub/../f/`)).toMatchObject({ path: "/sub/../f/" });
    symlinkSync(`${merged.path}/sub`, `${place}/link`);
    expect(find(`${place}/link/f`)).toMatchObject({ path: "/sub/f", spec: layers });
    expect(() => find(`${merged.path}/../l0`)).toThrow(`'${merged.path}/../l0' lies in no overlay`);
    mkdirSync(`${place}/bound`);
    mustRun("mount", ["--bind", `${merged.path}/sub`, `${place}/bound`]);
    expect(find(`${place}/bound/f`)).toMatchObject({ path: "/sub/f" });
    run("umount", [`${place}/bound`]);
    mustRun("mount", ["-t", "tmpfs", "none", `${merged.path}/sub`]);
    expect(() => find(`${merged.path}/sub/f`)).toThrow("cannot be reached (ENOENT");
    run("umount", [`${merged.path}/sub`]);
    fixture.unmount();
    expect(fixture.lowerChanges()).toEqual([]);
  });

  it("leads into a mounted ovlfs, which says its layers", ({ skip }) => {
    skip(ovlfs.unavailable() !== null, ovlfs.unavailable() ?? "");
    fixture = new OverlayFixture(ovlfs, {
      lowers: [dir(), dir(), dir()], dataLayers: 1, upper: dir(), options: ["metacopy=on", "redirect_dir=on"],
    });
    fixture.start();
    const { merged, lowers, upper, work } = fixture;
    const [first, second, data] = lowers.map(({ path }) => path);
    const { spec, path } = findOverlay(raw(`${merged.path}/any/thing`));
    expect(path).toBe("/any/thing");
    expect(spec).toMatchObject({ source: "ovlfs", merged: merged.path, lower: [first, second], dataOnly: [data], upper: upper.path, work: work.path });
    expect(spec.options).toEqual(expect.arrayContaining(["metacopy=on", "redirect_dir=on"]));
    expect(spec.statistics?.size).toBeGreaterThan(2);
    fixture.unmount();
    expect(fixture.lowerChanges()).toEqual([]);
  });

  it("outside of every overlay, or to nothing, is refused with a sentence", () => {
    expect(() => findOverlay(raw("/proc"))).toThrow("'/proc' lies in no overlay; name a path in a mounted one");
    expect(() => findOverlay(raw("/proc/nothing/at/all"))).toThrow("cannot be reached (ENOENT at '/proc/nothing')");
  });
});
