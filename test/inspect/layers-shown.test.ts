/**
 * `ovlfs diff`, `tree` and `du`: the same layers mounted by the kernel, mounted by ovlfs, and mounted nowhere give the
 * same answer, which is written out here.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dir, file, hardLink, opaque, sparse, symlink, whiteout } from "../harness/layers.js";
import { CLI, kernel, ovlfs } from "../harness/mounters.js";
import { OverlayFixture, type Stack } from "../harness/overlay-fixture.js";
import { mustRun, run, type Finished } from "../harness/processes.js";

const REDIRECT = { xattrs: { "trusted.overlay.redirect": "/old" } };
const METACOPY = { mode: 0o600, xattrs: { "trusted.overlay.metacopy": "" } };

const STACK: Stack = {
  lowers: [
    dir({ etc: dir({ hosts: file("two\n"), motd: whiteout() }), bin: dir({ sh: file("shell") }) }),
    dir({
      etc: dir({ hosts: file("one\n"), motd: file("welcome\n"), shadow: file("x".repeat(10_000)), link: symlink("hosts") }),
      cache: dir({ a: file("a"), deep: dir({ b: file("b") }) }), old: dir({ inner: dir({ f: file("f") }) }), gone: dir({ f: file("f") }),
      kind: file("a file"), big: file("b".repeat(20_000)), "new\nline": file(),
    }),
  ],
  upper: dir({
    etc: dir({ hosts: file("one\nthree\n"), shadow: whiteout(), added: file("new\n") }, { mode: 0o700 }),
    cache: opaque({ c: file("c") }), moved: dir({}, REDIRECT), old: whiteout(), gone: whiteout(), kind: dir({ below: file() }),
    big: sparse(20_000, [], METACOPY), never: whiteout(), same: dir({ x: file("x"), y: hardLink("x") }),
  }),
  options: ["redirect_dir=on", "metacopy=on"],
};

const ways = ["kernel", "ovlfs", "offline"] as const;

describe.each(ways)("layers shown (%s)", (way) => {
  const mounter = way === "ovlfs" ? ovlfs : kernel;
  let fixture: OverlayFixture;

  beforeEach(({ skip }) => {
    skip(kernel.unavailable() !== null, kernel.unavailable() ?? "");
    skip(mounter.unavailable() !== null, mounter.unavailable() ?? "");
    fixture = new OverlayFixture(mounter, STACK);
    fixture.start();
    if (way === "offline") fixture.unmount();
  });

  afterEach(() => {
    try {
      expect(fixture.lowerChanges()).toEqual([]);
    } finally {
      fixture.end();
    }
  });

  /** Runs a command on a path of the overlay. */
  function ovlfsOn(words: readonly string[], path = ""): Finished {
    const { place, upper, lowers, merged } = fixture;
    const where = way === "offline"
      ? ["--lower", lowers.map(({ path: lower }) => lower).join(":"), "--upper", upper.path, "-o", "redirect_dir=on,metacopy=on", `/${path}`]
      : [merged.at(path)];
    const { status, stdout, stderr } = run(process.execPath, [CLI, ...words, ...where], { cwd: place });
    return { status, stdout: stdout.replaceAll(place, ""), stderr: stderr.replaceAll(merged.path, "").replaceAll(place, "") };
  }

  function linesOf(words: readonly string[], path = ""): string[] {
    const { status, stdout, stderr } = ovlfsOn(words, path);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    return stdout.split("\n").slice(0, -1);
  }

  it("diff lists what the upper adds, changes and deletes", () => {
    expect(linesOf(["diff"])).toEqual([
      "C /big", "C /cache", "D /cache/a", "A /cache/c", "D /cache/deep", "C /etc", "A /etc/added", "C /etc/hosts", "D /etc/shadow", "D /gone",
      "C /kind", "A /kind/below", "A /moved", "A /moved/inner", "A /moved/inner/f", "D /old", "A /same", "A /same/x", "A /same/y",
    ]);
  });

  it("diff of a directory lists what is in it", () => {
    expect(linesOf(["diff"], "etc")).toEqual(["C /etc", "A /etc/added", "C /etc/hosts", "D /etc/shadow"]);
    expect(linesOf(["diff"], "etc/../cache/c")).toEqual(["A /cache/c"]);
    expect(linesOf(["diff"], "gone")).toEqual(["D /gone"]);
    expect(linesOf(["diff"], "bin")).toEqual([]);
  });

  it("diff --layer tells what a layer changes against those below it", () => {
    expect(linesOf(["diff", "--layer", "1"])).toEqual(["A /bin", "A /bin/sh", "C /etc", "C /etc/hosts", "D /etc/motd"]);
    expect(linesOf(["diff", "--layer", "2"], "etc")).toEqual(["A /etc", "A /etc/hosts", "A /etc/link", "A /etc/motd", "A /etc/shadow"]);
    expect(linesOf(["diff", "--layer", "upper"])).toEqual(linesOf(["diff"]));
  });

  it("diff --tree says what differs", () => {
    expect(linesOf(["diff", "--tree"])).toEqual([
      "/",
      "├── C big (mode)",
      "├── C cache/",
      "│   ├── D a",
      "│   ├── A c",
      "│   └── D deep/",
      "├── C etc/ (mode)",
      "│   ├── A added",
      "│   ├── C hosts (size)",
      "│   └── D shadow",
      "├── D gone/",
      "├── C kind/ (was a file)",
      "│   └── A below",
      "├── A moved/",
      "│   └── A inner/",
      "│       └── A f",
      "├── D old/",
      "└── A same/",
      "    ├── A x",
      "    └── A y",
    ]);
  });

  it("diff --content shows which lines of a text differ", () => {
    expect(linesOf(["diff", "--content"], "etc/hosts")).toEqual(["C /etc/hosts", "--- a/etc/hosts", "+++ b/etc/hosts", "@@ -1 +1,2 @@", "-two", "+one", "+three"]);
    expect(linesOf(["diff", "--content"], "big")).toEqual(["C /big"]);
  });

  it("diff --json is one document that says the same", () => {
    const answer = JSON.parse(ovlfsOn(["diff", "--json"]).stdout) as { layer: string; changes: Record<string, unknown>[] };
    const letters = { added: "A", modified: "C", deleted: "D" } as Record<string, string>;
    expect(answer.layer).toBe("upper");
    expect(answer.changes.map(({ kind, path }) => `${letters[String(kind)]!} ${String(path)}`)).toEqual(linesOf(["diff"]));
    expect(answer.changes.find(({ path }) => path === "/etc/hosts")).toEqual({ kind: "modified", path: "/etc/hosts", type: "file", layer: "upper", changed: ["size"] });
    expect(answer.changes.find(({ path }) => path === "/etc/shadow")).toEqual({ kind: "deleted", path: "/etc/shadow", type: "file", layer: "lower 2", by: "whiteout" });
    expect(answer.changes.find(({ path }) => path === "/cache/a")).toEqual({ kind: "deleted", path: "/cache/a", type: "file", layer: "lower 2", by: "opaque" });
    expect(answer.changes.find(({ path }) => path === "/kind")).toMatchObject({ type: "directory", was: "file", changed: ["type"] });
    expect(answer.changes.find(({ path }) => path === "/moved/inner/f")).toMatchObject({ kind: "added", layer: "lower 2" });
  });

  it("tree --layers draws each entry with its layer, and what is not seen", () => {
    expect(linesOf(["tree", "--layers"])).toEqual([
      "upper    /upper",
      "lower 1  /l0",
      "lower 2  /l1",
      "",
      "upper    /  [merged with lower 1, lower 2]",
      "upper    ├── big  [metacopy, data in lower 2]",
      "lower 1  ├── bin/",
      "lower 1  │   └── sh",
      "upper    ├── cache/  [opaque, hides lower 2]",
      "upper    │   └── c",
      "upper    ├── etc/  [merged with lower 1, lower 2]",
      "upper    │   ├── added",
      "upper    │   ├── hosts  [hides lower 1, lower 2]",
      "lower 2  │   ├── link -> hosts",
      "lower 1  │   ├── motd  [whiteout, hides lower 2]",
      "upper    │   └── shadow  [whiteout, hides lower 2]",
      "upper    ├── gone  [whiteout, hides lower 2]",
      "upper    ├── kind/  [hides lower 2]",
      "upper    │   └── below",
      "upper    ├── moved/  [merged with lower 2; redirect to /old]",
      "lower 2  │   └── inner/",
      "lower 2  │       └── f",
      "upper    ├── never  [whiteout, hides nothing]",
      "lower 2  ├── new\\x0aline",
      "upper    ├── old  [whiteout, hides lower 2]",
      "upper    └── same/",
      "upper        ├── x",
      "upper        └── y",
      "",
      "7 directories, 11 files, 5 whiteouts",
    ]);
  });

  it("tree draws what the merged tree shows, as deep as asked", () => {
    expect(linesOf(["tree"], "etc")).toEqual(["/etc", "├── added", "├── hosts", "└── link -> hosts", "", "0 directories, 3 files"]);
    expect(linesOf(["tree", "--depth", "1"], "moved")).toEqual(["/moved", "└── inner/", "", "1 directory, 0 files"]);
    expect(linesOf(["tree"], "etc/hosts")).toEqual(["/etc/hosts", "", "0 directories, 0 files"]);
  });

  it("tree --json is one document that says the same", () => {
    const answer = JSON.parse(ovlfsOn(["tree", "--layers", "--json"], "etc").stdout) as { layers: unknown; entries: unknown };
    expect(answer).toEqual({
      path: "/etc",
      layers: [{ layer: "upper", path: "/upper" }, { layer: "lower 1", path: "/l0" }, { layer: "lower 2", path: "/l1" }],
      entries: [
        { path: "/etc/added", type: "file", layer: "upper" },
        { path: "/etc/hosts", type: "file", layer: "upper", hides: ["lower 1", "lower 2"] },
        { path: "/etc/link", type: "symlink", layer: "lower 2" },
        { path: "/etc/motd", type: "whiteout", layer: "lower 1", hides: ["lower 2"] },
        { path: "/etc/shadow", type: "whiteout", layer: "upper", hides: ["lower 2"] },
      ],
      directories: 0, files: 3, whiteouts: 2,
    });
  });

  it("du counts each layer as du(1) does, and what of it is shown", () => {
    const answer = JSON.parse(ovlfsOn(["du", "--json"]).stdout) as { layers: { bytes: number; shown: number; shadowed: number; whiteouts: number; inodes: number }[] };
    const layers = [fixture.upper, ...fixture.lowers];
    const used = layers.map(({ path }) => Number(mustRun("du", ["-s", "-B1", path]).split("\t")[0]));
    const inodes = layers.map(({ path }) => new Set(mustRun("find", [path, "-printf", "%i\n"]).trim().split("\n")).size);
    expect(answer.layers.map(({ bytes }) => bytes)).toEqual(used);
    expect(answer.layers.map((layer) => layer.inodes)).toEqual(inodes);
    expect(answer.layers.map(({ whiteouts }) => whiteouts)).toEqual([4, 1, 0]);
    for (const { bytes, shown, shadowed } of answer.layers) expect(shown + shadowed).toBe(bytes);
    // Shadowed: hosts of lower 1; of lower 2 hosts, motd, shadow, cache with all in it, gone with its file, and kind.
    const shadowed = [[], ["etc/hosts"], ["etc/hosts", "etc/motd", "etc/shadow", "cache", "gone", "kind"]]
      .map((paths, i) => paths.reduce((sum, path) => sum + Number(mustRun("du", ["-s", "-B1", fixture.lowers[i - 1]!.at(path)]).split("\t")[0]), 0));
    expect(answer.layers.map((layer) => layer.shadowed)).toEqual(shadowed);
  });

  it("du --shadowed lists what is stored and not seen", () => {
    const size = (path: string): string => mustRun("du", ["-s", "-B1", `${fixture.place}/${path}`]).split("\t")[0]!;
    const hidden = [["lower 1", "l0", "/etc/hosts", "a file of upper"], ["lower 2", "l1", "/cache/", "an opaque directory of upper"],
      ["lower 2", "l1", "/etc/hosts", "a file of upper"], ["lower 2", "l1", "/etc/motd", "a whiteout of lower 1"],
      ["lower 2", "l1", "/etc/shadow", "a whiteout of upper"], ["lower 2", "l1", "/gone/", "a whiteout of upper"], ["lower 2", "l1", "/kind", "a directory of upper"]];
    const expected = hidden.map(([layer, at, path, by]) => `${size(`${at!}${path!}`)}  ${layer!}  ${path!}  [hidden by ${by!}]`);
    expect(linesOf(["du", "--shadowed", "--bytes"]).map((line) => line.trimStart()).sort()).toEqual(expected.sort());
    const answer = JSON.parse(ovlfsOn(["du", "--shadowed", "--json"], "etc").stdout) as { shadowed: unknown[] };
    expect(answer.shadowed).toContainEqual({ path: "/etc/motd", type: "file", layer: "lower 2", bytes: Number(size("l1/etc/motd")), by: "whiteout", byLayer: "lower 1" });
    expect(answer.shadowed).toHaveLength(4);
  });

  it("du of a directory counts what the layers have there", () => {
    const answer = JSON.parse(ovlfsOn(["du", "--json"], "etc").stdout) as { path: string; layers: { bytes: number }[]; total: { bytes: number } };
    const used = [fixture.upper, ...fixture.lowers].map(({ path }) => Number(mustRun("du", ["-s", "-B1", `${path}/etc`]).split("\t")[0]));
    expect(answer.path).toBe("/etc");
    expect(answer.layers.map(({ bytes }) => bytes)).toEqual(used);
    expect(answer.total.bytes).toBe(used.reduce((sum, bytes) => sum + bytes));
    expect(linesOf(["du", "--bytes"], "etc").map((line) => line.split(/ {2,}/)[1])).toEqual(["used", ...used.map(String), String(answer.total.bytes)]);
  });

  it("what can't be answered ends in one sentence", () => {
    const nothing = { status: 1, stdout: "" };
    expect(ovlfsOn(["tree"], "etc/motd")).toEqual({ ...nothing, stderr: "ovlfs: '/etc/motd' does not exist in the overlay\n" });
    expect(ovlfsOn(["du"], "nowhere/at/all")).toEqual({ ...nothing, stderr: "ovlfs: '/nowhere/at/all' does not exist in the overlay\n" });
    expect(ovlfsOn(["diff"], "nowhere")).toEqual({ ...nothing, stderr: "ovlfs: '/nowhere' is neither in the overlay nor in the layers below upper\n" });
    expect(ovlfsOn(["diff", "--layer", "3"])).toEqual({ ...nothing, stderr: "ovlfs: there is no layer '3'; give 'upper' or the number of a lower, 1 to 2\n" });
    expect(ovlfsOn(["diff", "--tree", "--json"])).toEqual({ ...nothing, stderr: "ovlfs: --tree and --json are two forms of one answer; give one of them\n" });
  });
});
