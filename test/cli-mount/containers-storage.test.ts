/** What containers-storage demands of its mount program, as podman and buildah start it: `ovlfs -o OPTIONS MERGED`. */
import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dir, file, type LayerNode } from "../harness/layers.js";
import { mustRun, run, waitUntil } from "../harness/processes.js";
import { snapshot } from "../harness/snapshot.js";
import { differences, untouched } from "../harness/compare.js";
import { Place } from "./command.js";

const LAYERS = 120;

/** A store: `ID/diff` for each layer, and `links/NAME` as a symlink to it. */
function store(): Record<string, LayerNode> {
  const layers: Record<string, LayerNode> = { "top": dir({ diff: dir(), work: dir(), merged: dir() }) };
  for (let i = 0; i < LAYERS; i++) layers[`layer${String(i)}`] = dir({ diff: dir({ [`f${String(i)}`]: file(String(i)), shared: file(String(i)) }) });
  return layers;
}

let place: Place;
let before: ReadonlyMap<string, ReturnType<typeof snapshot>>;

const lowers = Array.from({ length: LAYERS }, (_, i) => `layer${String(i)}`);

beforeEach(() => {
  place = new Place(store());
  mkdirSync(place.tree.at("links"));
  for (const layer of lowers) symlinkSync(`../${layer}/diff`, place.tree.at(`links/${linkName(layer)}`));
  before = new Map(lowers.map((layer) => [layer, snapshot(place.tree.at(layer))]));
});
afterEach(() => {
  const changes = lowers.flatMap((layer) => differences(snapshot(place.tree.at(layer)), before.get(layer)!, untouched));
  place.end();
  expect(changes).toEqual([]);
});

/** Long, as the paths of a store are. */
function linkName(layer: string): string { return layer.toUpperCase().padEnd(40, "X"); }

const usual = "lowerdir=layer1/diff:layer0/diff,upperdir=top/diff,workdir=top/work";

function mounted(options: string): void {
  expect(place.ovlfs(["-o", options, "top/merged"])).toEqual({ status: 0, stdout: "", stderr: "" });
}

function mountLine(): string[] {
  return mustRun("findmnt", ["-n", "-o", "FSTYPE,OPTIONS", place.tree.at("top/merged")]).trim().split(/[ ,]+/);
}

describe("what containers-storage hands over", () => {
  it("120 layers as symlinks in 8 KB of options, in the order given", () => {
    const options = `lowerdir=${lowers.map((layer) => place.tree.at(`links/${linkName(layer)}`)).join(":")},upperdir=${place.tree.at("top/diff")},workdir=${place.tree.at("top/work")},,volatile`;
    expect(options.length).toBeGreaterThan(8000);
    mounted(options);
    expect(place.tree.list("top/merged").length).toBe(LAYERS + 1);
    expect(place.tree.read("top/merged/shared")).toBe("0");
  });

  it("names with dots behind a symlink are resolved by the kernel: links/X/../diff is beside what X leads to", () => {
    mounted(`lowerdir=links/${linkName("layer1")}/../diff:links/${linkName("layer0")}/../diff,upperdir=top/diff,workdir=top/work`);
    expect(place.tree.list("top/merged")).toEqual(["f0", "f1", "shared"]);
  });

  it("a lower alone is mounted read-only", () => {
    mounted("lowerdir=layer0/diff");
    expect(mountLine()).toContain("ro");
    expect(place.tree.list("top/merged")).toEqual(["f0", "shared"]);
  });

  it.each(["", ",,volatile", ",", ",\\,volatile", ",private", ",fsync=0", ",metacopy=on", ',context="system_u:object_r:container_file_t:s0:c1,c2"', ",timeout=1"])(
    "upper, work and '%s' make a mount that can be written", (more) => {
      mounted(usual + more);
      place.tree.write("top/merged/new", "x");
      expect(place.tree.list("top/diff")).toEqual(["new"]);
      expect(mountLine()).toEqual(expect.arrayContaining(["fuse.ovlfs", "rw", "default_permissions", "allow_other"]));
      expect(mountLine()).not.toContain("nosuid");
    });

  it("fsync=0 leaves no guard behind: it can be mounted again", () => {
    for (let times = 0; times < 2; times++) {
      mounted(`${usual},fsync=0`);
      mustRun("umount", [place.tree.at("top/merged")]);
    }
  });
});

describe("what containers-storage demands", () => {
  it("nothing holds its standard output or error once the program has ended", () => {
    // With pipes, spawnSync returns when all who have them have closed them.
    const start = spawnSync(process.execPath, [place.cli, "-o", usual, "top/merged"], { cwd: place.path, encoding: "utf8", timeout: 20_000 });
    expect([start.status, start.signal, start.stdout, start.stderr]).toEqual([0, null, "", ""]);
    expect(place.isMounted("top/merged")).toBe(true);
  });

  it("a lower that is lazily unmounted right after is still there, and its mount goes with ovlfs's", () => {
    mkdirSync(place.tree.at("bound"));
    mustRun("mount", ["--bind", place.tree.at("layer0/diff"), place.tree.at("bound")]);
    mounted("lowerdir=bound,upperdir=top/diff,workdir=top/work");
    mustRun("umount", ["-l", place.tree.at("bound")]);
    expect(place.tree.read("top/merged/f0")).toBe("0");
    place.tree.write("top/merged/f0", "changed");
  });

  it("no name is listed with inode number 0, deleted and made again or not", () => {
    mounted(usual);
    mustRun("sh", ["-c", "rm f0 && echo again > f0 && rm shared && mkdir shared && mkdir d && mv f1 d", "sh"], { cwd: place.tree.at("top/merged") });
    for (const directory of ["top/merged", "top/merged/d"]) {
      const numbers = place.tree.entries(directory).map(({ ino }) => ino);
      expect(numbers.length).toBeGreaterThan(2);
      expect(numbers).not.toContain(0n);
    }
  });

  it.each([["fusermount3", "-u"], ["umount", "-l"]])("%s %s takes the mount away, and the daemon ends", (...words) => {
    mounted(usual);
    expect(run(words[0], [words[1], place.tree.at("top/merged")]).status).toBe(0);
    expect(waitUntil(() => place.processes().length === 0)).toBe(true);
    expect(place.mounts()).toEqual([]);
  });

  it("an error is one sentence on standard error, with exit status 1", () => {
    const refused = place.ovlfs(["-o", "lowerdir=nowhere,upperdir=top/diff,workdir=top/work", "top/merged"]);
    expect(refused).toMatchObject({ status: 1, stdout: "" });
    expect(refused.stderr).toMatch(/^ovlfs: .*'nowhere' does not exist.*\n$/);
  });
});
