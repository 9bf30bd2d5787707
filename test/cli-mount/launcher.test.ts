/** The program as it is installed: the launcher, the bundle that it has Node run, and the code kept of that. */
import { closeSync, cpSync, mkdirSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { mustRun, run, waitUntil, type Finished, type RunOptions } from "../harness/processes.js";
import { snapshot, type Snapshot } from "../harness/snapshot.js";
import { Place } from "./command.js";

const root = join(import.meta.dirname, "../..");
const LAYERS = ["-o", "lowerdir=l,upperdir=u,workdir=w"] as const;

let place: Place;
let lower: Snapshot;

beforeEach(() => {
  place = new Place();
  lower = snapshot(join(place.path, "l"));
});

afterEach(() => {
  expect(snapshot(join(place.path, "l"))).toEqual(lower);
  place.end();
});

/** Runs the program of the package in `directory`. */
const runOf = (directory: string, words: readonly string[], options: RunOptions = {}): Finished =>
  run(join(directory, "bin/ovlfs"), words, { cwd: place.path, ...options });
const ovlfs = (...words: readonly string[]): Finished => runOf(root, words);
const done = { status: 0, stdout: "", stderr: "" };

function unmounted(): void {
  mustRun("umount", [join(place.path, "m")]);
  expect(waitUntil(() => place.processes().length === 0)).toBe(true);
}

describe("the launcher", () => {
  it("tells the versions of ovlfs and of Node", () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    for (const word of ["--version", "-V"]) expect(ovlfs(word)).toEqual({ status: 0, stdout: `ovlfs ${version}\nNode.js ${process.version}\n`, stderr: "" });
    expect(place.ovlfs(["--version"])).toEqual(ovlfs("--version"));
  });

  it("returns once the mount answers, and leaves one process", () => {
    expect(ovlfs(...LAYERS, "m")).toEqual(done);
    expect(place.tree.read("m/f")).toBe("content");
    expect(place.processes()).toHaveLength(1);
    unmounted();
  });

  it("ends with the sentence and the exit status of what went wrong", () => {
    expect(ovlfs("-o", "lowerdir=none", "m")).toMatchObject({ status: 1, stdout: "", stderr: expect.stringMatching(/^ovlfs: .*'none' does not exist.*\n$/) as string });
    expect(ovlfs("-o", "nonsense", "m")).toMatchObject({ status: 1, stderr: expect.stringMatching(/unknown option 'nonsense'/) as string });
    expect(ovlfs("mount-helper", "src", "m", "-o", "lowerdir=none")).toMatchObject({ status: 32, stdout: "" });
    expect(ovlfs("frobnicate")).toMatchObject({ status: 1, stderr: expect.stringMatching(/unknown command 'frobnicate'/) as string });
    expect(place.mounts()).toEqual([]);
  });

  it("runs in front what is no mount, also where the words looked like one", () => {
    expect(ovlfs("mount", "--help").stdout).toMatch(/^usage: ovlfs mount/);
    expect(ovlfs("install-helper", "--help", "-o").stdout).toMatch(/^usage: ovlfs install-helper/);
    expect(ovlfs("mount-helper", "-f", "src", "m", "-o", "lowerdir=l")).toEqual(done);
    expect(place.mounts()).toEqual([]);
  });

  it.each([["-f"], ["-fs"], ["-o", "debug"]])("becomes the daemon itself where it stays in front (%s)", async (...words) => {
    const child = place.startLauncher(["mount", ...words, ...LAYERS, "m"]);
    const ended = new Promise((resolve) => child.once("exit", (status) => resolve(status)));
    expect(waitUntil(() => place.isMounted())).toBe(true);
    expect(waitUntil(() => readFileSync(`/proc/${child.pid!}/cmdline`, "latin1").startsWith("ovlfs "))).toBe(true);
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
    expect(place.mounts()).toEqual([]);
  });

  it("takes words that are not UTF-8", () => {
    const script = 'odd=$(printf "o\\377d"); mkdir "$odd" && "$1" mount --lower l "$odd" && cat "$odd/f" && umount "$odd"';
    expect(run("sh", ["-c", script, "sh", join(root, "bin/ovlfs")], { cwd: place.path })).toEqual({ status: 0, stdout: "content", stderr: "" });
  });

  it("mounts where the caller has closed its standard descriptors", () => {
    expect(run("sh", ["-c", '"$@" <&- >&- 2>&-', "sh", join(root, "bin/ovlfs"), ...LAYERS, "m"], { cwd: place.path })).toEqual(done);
    expect(place.tree.read("m/f")).toBe("content");
    unmounted();
  });

  it("gives Node threads for long copies and one arena for them all, and none of the certificates that the caller has it read", () => {
    for (const [given, used] of [[undefined, "8"], ["3", "3"]] as const) {
      expect(runOf(root, [...LAYERS, "m"], { env: { ...process.env, UV_THREADPOOL_SIZE: given, NODE_EXTRA_CA_CERTS: "/etc/ssl/certs/ca-certificates.crt" } })).toEqual(done);
      const variables = readFileSync(`/proc/${place.processes()[0]!}/environ`, "latin1").split("\0");
      expect(variables).toContain(`UV_THREADPOOL_SIZE=${used}`);
      expect(variables).toContain("MALLOC_ARENA_MAX=1");
      expect(variables.filter((variable) => variable.startsWith("NODE_EXTRA_CA_CERTS"))).toEqual([]);
      unmounted();
    }
  });

  it("gives Node room for descriptors, as far as the caller may have them, and opens none", () => {
    for (const [limit, room] of [["$(ulimit -Hn)", 8192], ["1000", 1000], ["100", 100]] as const) {
      const mounted = run("sh", ["-c", `ulimit -n ${limit}; exec "$@"`, "sh", join(root, "bin/ovlfs"), ...LAYERS, "m"], { cwd: place.path });
      expect(mounted).toEqual(done);
      const [daemon] = place.processes();
      const [, size] = /^FDSize:\t(\d+)$/mu.exec(readFileSync(`/proc/${daemon!}/status`, "latin1"))!;
      expect(Number(size)).toBeGreaterThanOrEqual(room);
      expect(readdirSync(`/proc/${daemon!}/fd`).length).toBeLessThan(64);
      unmounted();
    }
  });

  it("says that the daemon ended, or that there is no Node", () => {
    const withNode = (make: string): Finished => {
      const script = `${make} && mount --bind node "${realpathSync(process.execPath)}" && PATH=/nowhere exec "$@"`;
      return run("unshare", ["-m", "sh", "-c", script, "sh", join(root, "build/Release/ovlfs"), ...LAYERS, "m"], { cwd: place.path });
    };
    expect(withNode("printf '#!/bin/sh\\nexit 7\\n' >node && chmod 755 node")).toEqual({
      status: 1, stdout: "", stderr: "ovlfs: the daemon ended before the mount answered (exit status 7); run it with -f to see why\n",
    });
    expect(withNode("printf '#!/bin/sh\\nkill -9 $$\\n' >node && chmod 755 node").stderr).toMatch(/\(signal 9, Killed\)/);
    expect(withNode("chmod 644 node")).toMatchObject({ status: 1, stderr: expect.stringMatching(/^ovlfs: Node\.js cannot be started.*; install it/) as string });
  });
});

describe("the bundle", () => {
  /** A copy of the package as far as it runs, in which something can be broken. */
  function copy(): string {
    const directory = join(place.path, "package");
    mkdirSync(join(directory, "build"), { recursive: true });
    for (const name of ["bin", "dist", "package.json"]) cpSync(join(root, name), join(directory, name), { recursive: true });
    cpSync(join(root, "build/Release"), join(directory, "build/Release"), { recursive: true });
    return directory;
  }

  function mounts(directory: string): void {
    expect(runOf(directory, [...LAYERS, "m"])).toEqual(done);
    expect(place.tree.read("m/f")).toBe("content");
    unmounted();
  }

  it("is run with the code that was kept of it", () => {
    const directory = copy();
    const bundle = readFileSync(join(directory, "dist/cli/bundle.cjs"));
    const code = readFileSync(join(directory, "dist/cli/bundle.code"));
    expect(code.subarray(0, 64)).toEqual(bundle.subarray(-64));
    const script = "const s = new (require('node:vm').Script)(require('node:fs').readFileSync(process.argv[1], 'latin1'), { cachedData: require('node:fs').readFileSync(process.argv[2]).subarray(64) }); console.log(s.cachedDataRejected)";
    expect(mustRun(process.execPath, ["-e", script, join(directory, "dist/cli/bundle.cjs"), join(directory, "dist/cli/bundle.code")])).toBe("false\n");
    mounts(directory);
  });

  /** How many pages of Node's file the daemon has mapped, of `parts` of it as node-text.json has them. */
  function mappedOf(parts: readonly number[]): number {
    const pid = place.processes()[0]!;
    const program = readlinkSync(`/proc/${pid}/exe`);
    const lines = readFileSync(`/proc/${pid}/maps`, "latin1").split("\n");
    const begin = parseInt(lines.find((line) => line.endsWith(` ${program}`))!, 16) / 4096;
    const pagemap = openSync(`/proc/${pid}/pagemap`, "r");
    let mapped = 0;
    for (let at = 0; at < parts.length; at += 2) {
      const entries = Buffer.alloc(parts[at + 1]! * 8);
      readSync(pagemap, entries, 0, entries.length, (begin + parts[at]!) * 8);
      for (let last = 7; last < entries.length; last += 8) mapped += entries[last]! >> 7;
    }
    closeSync(pagemap);
    return mapped;
  }

  it("has the parts of Node mapped that serving takes, before it is asked for anything", () => {
    const { node, parts } = JSON.parse(readFileSync(join(root, "dist/cli/node-text.json"), "utf8")) as { node: string; parts: number[] };
    expect(node).toMatch(new RegExp(`^${process.version} `));
    const all = parts.reduce((sum, pages, at) => at % 2 === 1 ? sum + pages : sum, 0);
    const withNone = copy();
    rmSync(join(withNone, "dist/cli/node-text.json"));
    expect(runOf(withNone, [...LAYERS, "m"])).toEqual(done);
    expect(mappedOf(parts)).toBeLessThan(0.99 * all);
    unmounted();
    expect(runOf(root, [...LAYERS, "m"])).toEqual(done);
    expect(waitUntil(() => mappedOf(parts) > 0.99 * all)).toBe(true);
    unmounted();
  });

  it("runs with parts of another Node, and with none that can be read", () => {
    const directory = copy();
    const file = join(directory, "dist/cli/node-text.json");
    const found = JSON.parse(readFileSync(file, "utf8")) as { node: string };
    for (const text of ["", "{}", JSON.stringify({ ...found, node: "v0" }), JSON.stringify({ ...found, parts: [1e9, 1, 0, 4e9, "x"] })]) {
      writeFileSync(file, text);
      mounts(directory);
    }
  });

  it("runs without kept code, with code of another bundle, with broken code, and not at all where it is missing", () => {
    const directory = copy();
    const code = join(directory, "dist/cli/bundle.code");
    const kept = readFileSync(code);
    writeFileSync(code, kept.subarray(0, 1000));
    mounts(directory);
    writeFileSync(code, Buffer.concat([Buffer.from("0".repeat(64)), kept.subarray(64)]));
    mounts(directory);
    rmSync(code);
    mounts(directory);
    rmSync(join(directory, "dist/cli/bundle.cjs"));
    mounts(directory);
  });

  it("says in a sentence that the launcher is not built, and runs through a link", () => {
    const directory = copy();
    symlinkSync(join(directory, "bin/ovlfs"), join(place.path, "link"));
    expect(run("./link", ["--version"], { cwd: place.path }).stdout).toMatch(/^ovlfs /);
    rmSync(join(directory, "build"), { recursive: true });
    expect(run("./link", ["--version"], { cwd: place.path })).toMatchObject({ status: 1, stderr: expect.stringMatching(/is not built; run 'npm rebuild -g ovlfs'/) as string });
  });
});
