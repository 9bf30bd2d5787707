/** `ovlfs diff`, `tree` and `du` where things are out of the ordinary: many layers, strange names, no permission, a terminal. */
import { symlinkSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { changesIn } from "../../src/inspect/changes.js";
import { Stack } from "../../src/inspect/stack.js";
import { directoriesSpec } from "../../src/inspect/directories.js";
import { Place } from "../cli-mount/command.js";
import { differences, untouched } from "../harness/compare.js";
import { device, dir, file, hardLink, opaque, sparse, symlink, whiteout, type LayerNode } from "../harness/layers.js";
import { CLI } from "../harness/mounters.js";
import { run, type Finished } from "../harness/processes.js";
import { snapshot } from "../harness/snapshot.js";
import { check, raw } from "../harness/syscalls.js";
import { AT_FDCWD, O_CREAT, O_DIRECTORY, O_RDONLY, O_WRONLY } from "../../src/sys/constants.js";
import { native } from "../../src/sys/native.js";

let place: Place | undefined;

beforeEach(({ skip }) => {
  skip(process.getuid!() !== 0, "only root makes whiteouts and trusted xattrs");
});

afterEach(() => {
  place?.end();
  place = undefined;
});

/** Runs `ovlfs` on layers; they are as before in the end. */
function ovlfsOn(layers: Readonly<Record<string, LayerNode>>, words: readonly string[]): Finished {
  place = new Place(layers);
  return unchanged(() => place!.ovlfs(words));
}

function unchanged(action: () => Finished): Finished {
  const before = place!.picture();
  const finished = action();
  expect(differences(place!.picture(), before, untouched)).toEqual([]);
  return finished;
}

function linesOf({ status, stdout, stderr }: Finished): string[] {
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout.split("\n").slice(0, -1);
}

/** Directories in one another, the innermost with a file that is called as the layer. */
function makeDeep(path: string, depth: number): void {
  let fd = check(native.openat(AT_FDCWD, raw(path), O_RDONLY | O_DIRECTORY, 0), "open");
  for (let i = 0; i < depth; i++) {
    check(native.mkdirat(fd, raw("d"), 0o755), "mkdir");
    const inner = check(native.openat(fd, raw("d"), O_RDONLY | O_DIRECTORY, 0), "open");
    native.close(fd);
    fd = inner;
  }
  native.close(check(native.openat(fd, raw(path.split("/").at(-1)!), O_WRONLY | O_CREAT, 0o644), "create"));
  native.close(fd);
}

describe("what diff walks", () => {
  it("is the upper, however much the lowers have", () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`f${i}`, file(`${i}`)]));
    place = new Place({ big: dir({ d: dir(many), e: dir(many), f: dir(many) }), over: dir({ d: dir({ f7: file("seven"), new: file() }), e: opaque({ f1: file("1") }) }) });
    const stack = Stack.open(directoriesSpec({ lower: [raw(place.tree.at("big"))], upper: raw(place.tree.at("over")) }, {}));
    let steps = 0;
    const letters = [...changesIn(stack.root(), stack.from(1).root(), () => { steps++; })].map(({ kind }) => kind);
    stack.close();
    expect(letters.length).toBe(3 + 1 + 300);
    // The names of the upper, and those that its opaque directory hides.
    expect(steps).toBe(2 + 2 + 300);
  });
});

describe("strange layers", () => {
  it("128 of them are told apart", () => {
    const layers = Object.fromEntries(Array.from({ length: 128 }, (_, i) => [`l${i + 1}`, dir({ all: dir({ [`f${i + 1}`]: file() }), top: file(`${i}`) })]));
    const list = Object.keys(layers).join(":");
    const lines = linesOf(ovlfsOn(layers, ["tree", "--layers", "--lower", list, "/all/f128"]));
    expect(lines.slice(-3)).toEqual(["lower 128  /all/f128", "", "0 directories, 0 files, 0 whiteouts"]);
    expect(linesOf(place!.ovlfs(["diff", "--layer", "100", "--lower", list]))).toEqual(["C /all", "A /all/f100", "C /top"]);
    const answer = JSON.parse(place!.ovlfs(["du", "--json", "--lower", list, "/top"]).stdout) as { layers: { shown: number; bytes: number }[] };
    expect(answer.layers.map(({ shown, bytes }) => [shown > 0, bytes > 0])).toEqual(layers128((i) => [i === 0, true]));
  });

  it("directories may be deeper than a path may be long, and than a stack of calls", () => {
    const deep = 2500;
    place = new Place({ low: dir(), up: dir() });
    for (const layer of ["low", "up"]) makeDeep(place.tree.at(layer), deep);
    const lastOf = (...words: string[]): string => run(
      "sh", ["-c", '"$@" 2>&1 | tail -n 1', "sh", process.execPath, CLI, ...words, "--lower", "low", "--upper", "up"], { cwd: place!.path },
    ).stdout;
    expect(lastOf("diff")).toBe(`A ${"/d".repeat(deep)}/up\n`);
    expect(lastOf("diff", "--tree")).toMatch(/^ +└── A up\n$/);
    expect(lastOf("tree")).toBe(`${deep} directories, 2 files\n`);
    expect(lastOf("du")).toMatch(new RegExp(`^total +\\S+ +\\S+ +0 +${2 * (deep + 2)} +0\n$`));
  });

  it("names that are not UTF-8, or no line, are whole in JSON and harmless elsewhere", () => {
    const layers = { low: dir(), up: dir({ "caf\xe9": file(), "new\nline": dir({ x: file() }) }) };
    expect(linesOf(ovlfsOn(layers, ["diff", "--lower", "low", "--upper", "up"]))).toEqual(["A /caf\\xe9", "A /new\\x0aline", "A /new\\x0aline/x"]);
    const { changes } = JSON.parse(place!.ovlfs(["diff", "--json", "--lower", "low", "--upper", "up"]).stdout) as { changes: { path: string; pathBase64?: string }[] };
    expect(changes.map(({ path, pathBase64 }) => (pathBase64 === undefined ? path : Buffer.from(pathBase64, "base64").toString("latin1"))))
      .toEqual(["/caf\xe9", "/new\nline", "/new\nline/x"]);
    const { entries } = JSON.parse(place!.ovlfs(["tree", "--json", "--lower", "low", "--upper", "up"]).stdout) as { entries: unknown[] };
    expect(entries).toHaveLength(3);
    const asked = (command: string, path: string): string => run(
      "sh", ["-c", `"$@" "$(printf '${path}')"`, "sh", process.execPath, CLI, ...command.split(" "), "--lower", "low", "--upper", "up"], { cwd: place!.path },
    ).stdout;
    expect(asked("which", "/new\\nline").split("\n")[0]).toBe("/new\\x0aline: directory, mode 0755");
    expect(JSON.parse(asked("which --json", "/new\\nline"))).toMatchObject({ path: "/new\nline" });
    expect(JSON.parse(asked("which --json", "/caf\\351"))).toMatchObject({ path: "/caf\\xe9", pathBase64: Buffer.from("/caf\xe9", "latin1").toString("base64") });
  });

  it("a metacopy's data in a data-only layer is shown space, of the layer that has it", () => {
    const marks = { "trusted.overlay.metacopy": "", "trusted.overlay.redirect": "/store/x" };
    const layers = { low: dir({ x: sparse(20_000, [], { xattrs: marks }) }), data: dir({ store: dir({ x: file("d".repeat(20_000)), unused: file("u".repeat(9000)) }) }) };
    const words = ["--lower", "low::data", "-o", "metacopy=on"];
    expect(linesOf(ovlfsOn(layers, ["tree", "--layers", ...words])).slice(-4)).toEqual([
      "lower 1  /", "lower 1  └── x  [metacopy, data in data 1; redirect to /store/x]", "", "0 directories, 1 file, 0 whiteouts",
    ]);
    const answer = JSON.parse(place!.ovlfs(["du", "--json", ...words]).stdout) as { layers: { layer: string; shown: number; bytes: number }[] };
    expect(answer.layers.map(({ layer }) => layer)).toEqual(["lower 1", "data 1"]);
    const size = (path: string): number => Number(run("du", ["-s", "-B1", place!.tree.at(path)]).stdout.split("\t")[0]);
    expect(answer.layers[1]).toMatchObject({ shown: size("data/store/x"), bytes: size("data") });
  });

  it("a hard link that is shadowed under one name is shown under the other", () => {
    const layers = { low: dir({ a: file("x".repeat(5000)), b: hardLink("a"), c: file("y".repeat(5000)), d: hardLink("c") }), up: dir({ a: whiteout(), c: whiteout(), d: file() }) };
    const answer = JSON.parse(ovlfsOn(layers, ["du", "--json", "--lower", "low", "--upper", "up"]).stdout) as { layers: { shadowed: number; inodes: number }[] };
    expect(answer.layers[1]).toMatchObject({ inodes: 3 });
    expect(answer.layers[1]!.shadowed).toBe(Number(run("stat", ["-c", "%b", place!.tree.at("low/c")]).stdout) * 512);
  });

  it("the marks of OCI layers count where the mount would read them", () => {
    const layers = {
      low: dir({ etc: dir({ a: file("a"), b: file("b") }), cache: dir({ old: file("old") }), x: file("x") }),
      up: dir({ etc: dir({ ".wh.a": file(), c: file("c") }), cache: dir({ ".wh..wh..opq": file(), n: file("n") }), ".wh.x": file() }),
    };
    const words = ["--lower", "low", "--upper", "up", "-o", "whiteouts=oci"];
    expect(linesOf(ovlfsOn(layers, ["diff", ...words]))).toEqual(["C /cache", "A /cache/n", "D /cache/old", "C /etc", "D /etc/a", "A /etc/c", "D /x"]);
    expect(linesOf(place!.ovlfs(["tree", "--layers", ...words])).slice(3)).toEqual([
      "upper    /  [merged with lower 1]",
      "upper    ├── cache/  [opaque, hides lower 1]",
      "upper    │   └── n",
      "upper    ├── etc/  [merged with lower 1]",
      "upper    │   ├── a  [whiteout, hides lower 1]",
      "lower 1  │   ├── b",
      "upper    │   └── c",
      "upper    └── x  [whiteout, hides lower 1]",
      "",
      "2 directories, 3 files, 2 whiteouts",
    ]);
    const answer = JSON.parse(place!.ovlfs(["du", "--json", ...words]).stdout) as { layers: { whiteouts: number }[] };
    expect(answer.layers.map(({ whiteouts }) => whiteouts)).toEqual([2, 0]);
    expect(linesOf(place!.ovlfs(["diff", ...words.slice(0, 4), "/x"]))).toEqual([]);
  });

  it("special files and symlinks are told by what differs", () => {
    const layers = {
      low: dir({ dev: device("character", 1, 3), link: symlink("one"), x: file("", { xattrs: { "user.a": "1" } }) }),
      up: dir({ dev: device("character", 1, 5), link: symlink("two"), x: file("", { xattrs: { "user.a": "2" } }) }),
    };
    expect(linesOf(ovlfsOn(layers, ["diff", "--tree", "--lower", "low", "--upper", "up"]))).toEqual(["/", "├── C dev (device)", "├── C link (target)", "└── C x (xattrs)"]);
  });

  it("a file that was copied up and not changed is told as that", () => {
    const layers = { low: dir({ x: file("same") }), up: dir({ x: file("same") }) };
    expect(linesOf(ovlfsOn(layers, ["diff", "--tree", "--lower", "low", "--upper", "up"]))).toEqual(["/", "└── C x (copied up unchanged)"]);
  });
});

describe("texts", () => {
  const words = ["diff", "--content", "--lower", "low", "--upper", "up"];

  it("are compared, other data only named", () => {
    const layers = { low: dir({ bin: file("a\0b"), text: file("caf\xe9\n") }), up: dir({ bin: file("a\0c"), text: file("caf\xe9s\n") }) };
    place = new Place(layers);
    const { stdout } = run("sh", ["-c", `"$@" | iconv -f latin1 -t utf8`, "sh", process.execPath, CLI, ...words], { cwd: place.path });
    expect(stdout.split("\n")).toEqual([
      "C /bin", "Binary files a/bin and b/bin differ", "C /text", "--- a/text", "+++ b/text", "@@ -1 +1 @@", "-caf\u00e9", "+caf\u00e9s", "",
    ]);
  });

  it.skipIf(run("sh", ["-c", "command -v patch"]).status !== 0)("come out as patch(1) takes them", () => {
    const text = (word: string): string => Array.from({ length: 40 }, (_, i) => `${i % 13 === 0 ? word : i}\n`).join("");
    const layers = { low: dir({ d: dir({ text: file(text("old")) }) }), up: dir({ d: dir({ text: file(text("new")) }) }), copy: dir({ d: dir({ text: file(text("old")) }) }) };
    const { stdout } = ovlfsOn(layers, words);
    expect(run("patch", ["-s", "-p1"], { cwd: place!.tree.at("copy"), input: stdout })).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(place!.tree.read("copy/d/text")).toBe(text("new"));
  });
});

describe("what can't be looked at", () => {
  const one = { status: 1, stdout: "" };

  it("is named in one sentence", () => {
    expect(ovlfsOn({}, ["tree", "m"])).toEqual({ ...one, stderr: "ovlfs: 'm' lies in no overlay; name a path in a mounted one, or its layers by --lower and --upper\n" });
    expect(place!.ovlfs(["diff", "--lower", "l"])).toEqual({ ...one, stderr: "ovlfs: the overlay has no upper, so nothing is changed in it; 'ovlfs diff --layer 1' shows what its topmost lower changes\n" });
    expect(place!.ovlfs(["du", "--upper", "u"])).toEqual({ ...one, stderr: "ovlfs: no lower layer is given; name at least one by --lower DIR\n" });
    expect(place!.ovlfs(["du", "--lower", "l", "--depth"])).toEqual({ ...one, stderr: "ovlfs: unknown option '--depth'; 'ovlfs du --help' lists all that there are\n" });
    expect(place!.ovlfs(["tree", "--depth", "0", "--lower", "l"])).toEqual({ ...one, stderr: "ovlfs: --depth takes a number of levels, 1 or more\n" });
    expect(place!.ovlfs(["tree", "--lower", "nowhere"]).stderr).toMatch(/^ovlfs: lower layer '.*nowhere' does not exist; .*\n$/);
    expect(place!.ovlfs(["diff", "a", "b"])).toEqual({ ...one, stderr: "ovlfs: there is one word too many: 'b'; give one path\n" });
  });

  it("for want of permission is named too", () => {
    place = new Place({ low: dir({ open: dir({ f: file() }), locked: dir({ f: file() }, { mode: 0o700 }) }), closed: dir({}, { mode: 0o700 }) });
    const asUser = (words: readonly string[]): Finished => run("setpriv", ["--reuid=1001", "--regid=1001", "--clear-groups", process.execPath, CLI, ...words], { cwd: place!.path });
    expect(asUser(["tree", "--lower", "closed"]).stderr).toMatch(/^ovlfs: lower layer '.*closed' may not be read by this user; .*\n$/);
    for (const command of ["tree", "du"]) {
      const { status, stderr } = asUser([command, "--lower", "low"]);
      expect(status).toBe(1);
      expect(stderr).toMatch(/^ovlfs: '.*low\/locked' of lower 1 can't be listed \(EACCES\); look at it as a user who may\n$/);
    }
    expect(asUser(["tree", "--lower", "low", "/open"]).stdout).toBe("/open\n└── f\n\n0 directories, 1 file\n");
  });
});

describe("where it is written to", () => {
  const layers = { low: dir({ x: file() }), up: dir({ y: file() }) };
  const words = ["tree", "--layers", "--lower", "low", "--upper", "up"];
  const hasScript = run("sh", ["-c", "command -v script"]).status === 0;

  /** On a terminal of its own. */
  function onTerminal(env: NodeJS.ProcessEnv): string {
    place = new Place(layers);
    const line = [process.execPath, CLI, ...words].map((word) => `'${word}'`).join(" ");
    return run("script", ["-qec", line, "/dev/null"], { cwd: place.path, env: { ...process.env, TERM: "xterm-256color", ...env } }).stdout;
  }

  it.skipIf(!hasScript)("a terminal gets each layer in its colour", () => {
    const output = onTerminal({ NO_COLOR: "" });
    expect(output).toContain("\x1b[34mlower 1\x1b[0m  \x1b[2m├── \x1b[0m\x1b[34mx\x1b[0m");
    expect(output).toContain("\x1b[32mupper  \x1b[0m  \x1b[2m└── \x1b[0m\x1b[32my\x1b[0m");
  });

  it.skipIf(!hasScript)("with NO_COLOR it gets none, as a pipe does", () => {
    const plain = onTerminal({ NO_COLOR: "1" }).replaceAll("\r\n", "\n");
    expect(plain).not.toContain("\x1b");
    expect(linesOf(place!.ovlfs(words))).toEqual(plain.split("\n").slice(0, -1));
  });

  it("a reader that goes away is no error", () => {
    const many = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`${i}-${"n".repeat(60)}`, file()]));
    place = new Place({ many: dir(many) });
    const piped = run("sh", ["-c", `{ "$@" 2>err; echo $? >status; } | head -n 1`, "sh", process.execPath, CLI, "tree", "--lower", "many"], { cwd: place.path });
    expect(piped.stdout).toBe("/\n");
    expect([place.tree.read("err"), place.tree.read("status")]).toEqual(["", "0\n"]);
  });

  it("a user's own mount, whose marks are user.overlay.*, tells that user the same", ({ skip }) => {
    place = new Place({ low: dir({ d: dir({ f: file(), g: file() }), e: dir({ h: file() }) }), own: dir({ u: dir(), w: dir(), m: dir() }, { mode: 0o777 }) });
    run("chown", ["-R", "65534:65534", place.tree.at("own"), place.tree.at("low")]);
    const lower = snapshot(place.tree.at("low"));
    const { status, stdout, stderr } = place.asUser(65534, [
      "cd own", '"$@" mount --lower ../low --upper u --work w m || exit 77', "rm -r m/e", "mkdir m/e", "rm m/d/f", '"$@" diff m', '"$@" tree --layers m/e', '"$@" umount m',
    ].join("\n"));
    skip(status === 77, stderr);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout.replaceAll(place.path, "").split("\n")).toEqual([
      "C /d", "D /d/f", "C /e", "D /e/h", "upper    /own/u", "lower 1  /low", "", "upper    /e  [opaque, hides lower 1]", "", "0 directories, 0 files, 0 whiteouts", "",
    ]);
    expect(differences(snapshot(place.tree.at("low")), lower, untouched)).toEqual([]);
  });

  it("a symlink to a mount, and a path through one, lead into it", ({ skip }) => {
    place = new Place({ low: dir({ etc: dir({ f: file() }) }), up: dir() });
    const mounted = place.ovlfs(["mount", "--lower", "low", "--upper", "up", "--work", "w", "m"]);
    skip(mounted.status !== 0, mounted.stderr);
    symlinkSync("m/etc", place.tree.at("way"));
    const before = snapshot(place.tree.at("low"));
    expect(linesOf(place.ovlfs(["tree", "way/"]))).toEqual(["/etc", "└── f", "", "0 directories, 1 file"]);
    expect(linesOf(place.ovlfs(["tree"], { cwd: place.tree.at("m/etc") }))).toEqual(["/etc", "└── f", "", "0 directories, 1 file"]);
    place.tree.write("way/g", "new");
    expect(linesOf(place.ovlfs(["diff", "way/.."]))).toEqual(["C /etc", "A /etc/g"]);
    expect(differences(snapshot(place.tree.at("low")), before, untouched)).toEqual([]);
    expect(place.ovlfs(["umount", "m"]).status).toBe(0);
  });
});

function layers128<T>(value: (index: number) => T): T[] {
  return Array.from({ length: 128 }, (_, i) => value(i));
}
