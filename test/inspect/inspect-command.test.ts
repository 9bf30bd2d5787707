/** `ovlfs inspect` and `--from-inspect`: the form of docker inspect, written and read. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DEFAULTS } from "../../src/cli/from-inspect.js";
import { parseInspected } from "../../src/inspect/container.js";
import { graphDriver } from "../../src/inspect/graph-driver.js";
import { settledOptions, type OverlaySpec } from "../../src/inspect/spec.js";
import type { Bytes } from "../../src/sys/bytes.js";
import { Place, USUAL } from "../cli-mount/command.js";
import { dir, file } from "../harness/layers.js";
import { kernel, ovlfs, type Mounter } from "../harness/mounters.js";
import { OverlayFixture } from "../harness/overlay-fixture.js";
import { mustRun, run } from "../harness/processes.js";

/** As far as it is read. */
interface GraphDriver {
  readonly Data: Readonly<Record<string, string>>;
  readonly Name: string;
  readonly Options: readonly string[];
  readonly Statistics?: Readonly<Record<string, number>>;
}

function driverOf(text: string): GraphDriver { return JSON.parse(text) as GraphDriver; }

describe("ovlfs inspect", () => {
  let place: Place;
  let fixture: OverlayFixture | undefined;
  beforeEach(() => { place = new Place({ "a:b\\c": dir({ f: file("upmost"), g: file("g") }), data: dir() }); });
  afterEach(() => {
    fixture?.end();
    fixture = undefined;
    place.end();
  });

  function inspect(...words: string[]): GraphDriver {
    const { status, stdout, stderr } = place.ovlfs(["inspect", ...words]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    return driverOf(stdout);
  }

  function mountedBy(mounter: Mounter): GraphDriver {
    fixture = new OverlayFixture(mounter, {
      lowers: [dir({ d: dir() }), dir(), dir()], dataLayers: 1, upper: dir(), options: ["metacopy=on", "redirect_dir=on"],
    });
    fixture.start();
    return inspect(`${fixture.merged.path}/d`);
  }

  for (const mounter of [kernel, ovlfs]) {
    it(`says the directories of a mount by ${mounter.name}, the options in force, and what an ovlfs counted`, ({ skip }) => {
      skip(mounter.unavailable() !== null, mounter.unavailable() ?? "");
      const { Data, Name, Options, Statistics } = mountedBy(mounter);
      const { lowers, upper, work, merged } = fixture!;
      const [first, second, third] = lowers.map(({ path }) => path);
      expect(Data).toEqual({ LowerDir: `${first!}:${second!}::${third!}`, MergedDir: merged.path, UpperDir: upper.path, WorkDir: work.path });
      expect(Object.keys(Data)).toEqual(["LowerDir", "MergedDir", "UpperDir", "WorkDir"]);
      expect(Options).toEqual(expect.arrayContaining(["metacopy=on", "redirect_dir=on", "index=off"]));
      expect(Name).toBe(mounter === ovlfs ? "ovlfs" : "overlay");
      expect(Statistics?.copy_ups).toBe(mounter === ovlfs ? 0 : undefined);
      fixture!.unmount();
      expect(fixture!.lowerChanges()).toEqual([]);
    });
  }

  it("is read back by mount, which and inspect itself, colons and backslashes in names and all", ({ skip }) => {
    skip(ovlfs.unavailable() !== null, ovlfs.unavailable() ?? "");
    const layers = ["--lower", "a\\:b\\\\c:l::data", "--upper", "u", "--work", "w", "-o", "metacopy=on"];
    const first = inspect(...layers);
    expect(first.Data).toEqual({ LowerDir: `${place.path}/a\\:b\\\\c:${place.path}/l::${place.path}/data`, UpperDir: `${place.path}/u`, WorkDir: `${place.path}/w` });
    const saved = join(place.path, "saved.json");
    writeFileSync(saved, JSON.stringify(first));
    expect(place.ovlfs(["which", "--from-inspect", saved, "/f"]).stdout).toContain(`from      lower 1  ${place.path}/a:b\\c/f\n`);
    expect(place.ovlfs(["mount", "--from-inspect", saved, "m"])).toMatchObject({ status: 0, stderr: "" });
    expect(place.tree.read("m/f")).toBe("upmost");
    const mounted = inspect("m");
    expect(mounted.Data).toEqual({ ...first.Data, MergedDir: `${place.path}/m` });
    expect(mounted.Options).toContain("metacopy=on");
    place.ovlfs(["umount", "m"]);
    // Its own MergedDir, from standard input; what the command line adds is added.
    expect(place.ovlfs(["mount", "--from-inspect", "-", "-o", "ro"], { input: JSON.stringify([mounted]) })).toMatchObject({ status: 0, stderr: "" });
    expect(inspect("m").Options).toContain("ro");
    place.ovlfs(["umount", "m"]);
  });

  it("reads what podman prints of a container and of an image, whose layers are all lower ones", ({ skip }) => {
    skip(ovlfs.unavailable() !== null, ovlfs.unavailable() ?? "");
    skip(run("podman", ["--version"]).status !== 0, "podman is not installed");
    const podman = (...words: string[]): string =>
      mustRun("podman", ["--root", join(place.path, "store"), "--runroot", join(place.path, "run"), "--storage-driver", "overlay", ...words], { cwd: place.path });
    mustRun("tar", ["-c", "-f", "image.tar", "-C", "l", "."], { cwd: place.path });
    podman("import", "-q", "image.tar", "tiny");
    podman("create", "--name", "box", "tiny", "/none");
    for (const [text, isWritable] of [[podman("inspect", "box"), true], [podman("image", "inspect", "tiny"), false]] as const) {
      expect(place.ovlfs(["mount", "--from-inspect", "-", "m"], { input: text })).toMatchObject({ status: 0, stderr: "" });
      expect(place.tree.read("m/f")).toBe("content");
      expect("UpperDir" in inspect("m").Data).toBe(isWritable);
      place.ovlfs(["umount", "m"]);
    }
    podman("rm", "box");
    podman("rmi", "tiny");
  });

  it("of a running container is mounted read-only or not at all", ({ skip }) => {
    skip(ovlfs.unavailable() !== null, ovlfs.unavailable() ?? "");
    const text = JSON.stringify([{ State: { Running: true }, GraphDriver: inspect(...USUAL) }]);
    expect(place.ovlfs(["mount", "--from-inspect", "-", "m"], { input: text })).toMatchObject({
      status: 1, stderr: "ovlfs: the container runs, and two overlays must not write to one upper; stop it first, or mount with -o ro\n",
    });
    expect(place.ovlfs(["mount", "-o", "ro", "--from-inspect", "-", "m"], { input: text }).status).toBe(0);
    place.ovlfs(["umount", "m"]);
  });
});

describe("an inspection", () => {
  const refusal = (text: string): string => {
    try {
      parseInspected(text, "'f'");
      return "taken";
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };

  it("of several containers, of no overlay, or that is none is refused with a sentence", () => {
    expect(refusal("not so")).toBe("'f' is no JSON; give what 'docker inspect', 'podman inspect' or 'ovlfs inspect' printed");
    expect(refusal("[]")).toBe("'f' tells of 0 containers; give the inspection of one");
    expect(refusal("[{}, {}]")).toBe("'f' tells of 2 containers; give the inspection of one");
    expect(refusal('[{"GraphDriver": {"Name": "btrfs", "Data": null}}]')).toBe("'f' names no layers: its storage driver is 'btrfs', which has none");
    expect(refusal('{"GraphDriver": {"Name": "overlay2", "Data": {}}}')).toBe("'f' names no layers: it has no GraphDriver.Data with LowerDir and UpperDir");
  });

  it("of an image has its upper as the topmost lower", () => {
    const text = '[{"RepoTags": [], "GraphDriver": {"Data": {"LowerDir": "/b:/c", "UpperDir": "/a:x", "WorkDir": "/w", "MergedDir": "/m"}}}]';
    expect(parseInspected(text, "f")).toMatchObject({ lower: "/a\\:x:/b:/c", upper: null, work: null });
  });

  it("of directories whose names are not UTF-8 has their bytes, and is read back", () => {
    const names = { upper: "/\xfc" as Bytes, work: "/w" as Bytes, merged: "/\n" as Bytes };
    const spec: OverlaySpec = { source: "directories", lower: ["/a\xff:b" as Bytes, "/b" as Bytes], dataOnly: [], ...names, options: [], statistics: null };
    expect(parseInspected(JSON.stringify(graphDriver(spec)), "f")).toMatchObject({ lower: "/a\xff\\:b:/b", ...names });
  });

  it("has options that hold anyway, which are not asked for by name", () => {
    expect(DEFAULTS).toEqual(settledOptions({}, true));
  });
});
