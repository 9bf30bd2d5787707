/** The ways to mount and unmount that people type, and what the mount then looks like from outside. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dir, file } from "../harness/layers.js";
import { run, waitUntil } from "../harness/processes.js";
import { Place, USUAL } from "./command.js";

let place: Place;

beforeEach(() => { place = new Place({ "l:2": dir({ f: file("hidden"), g: file("with a colon") }), "l,3": dir({ h: file("with a comma") }), "back\\slash": dir({ i: file("with a backslash") }) }); });
afterEach(() => { place.end(); });

function mounted(words: readonly string[]): void {
  expect(place.ovlfs(words)).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(place.isMounted()).toBe(true);
}

function unmounted(): void {
  expect(place.ovlfs(["umount", "m"])).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(place.mounts()).toEqual([]);
  expect(place.processes()).toEqual([]);
}

/** The fields of the mount in /proc/mounts. */
function mountLine(): readonly string[] {
  return readFileSync("/proc/mounts", "utf8").split("\n").map((line) => line.split(" ")).find((fields) => fields[1] === place.tree.at("m"))!;
}

describe("ways to mount", () => {
  it("ovlfs mount --lower --upper --work", () => {
    mounted(["mount", ...USUAL, "m"]);
    place.tree.write("m/new", "x");
    expect(place.tree.list("m")).toEqual(["f", "new"]);
    unmounted();
    expect(place.tree.list("u")).toEqual(["new"]);
  });

  it("--lower again and again, and lists with escaped colons, topmost first", () => {
    mounted(["mount", "--lower", "l", "--lower", "l\\:2:l,3", "--lower=back\\\\slash", "m"]);
    expect(place.tree.list("m")).toEqual(["f", "g", "h", "i"]);
    expect(place.tree.read("m/f")).toBe("content");
    unmounted();
  });

  it("ovlfs -o lowerdir=…,upperdir=…,workdir=… MERGED", () => {
    mounted(["-o", "lowerdir=l:l\\:2:l\\,3,upperdir=u,workdir=w", "m"]);
    expect(place.tree.list("m")).toEqual(["f", "g", "h"]);
    unmounted();
  });

  it("ovlfs SOURCE MERGED -o …, as mount.fuse calls it", () => {
    mounted(["layers", "m", "-o", "lowerdir=l,upperdir=u,workdir=w,noatime"]);
    expect(mountLine()[0]).toBe("layers");
    expect(mountLine()[3]!.split(",")).toEqual(expect.arrayContaining(["rw", "noatime"]));
    unmounted();
  });

  it("a mount is of type fuse.ovlfs with the options that were asked for", () => {
    mounted(["mount", ...USUAL, "-o", "ro,nosuid,nodev,noexec", "m"]);
    expect(mountLine()[2]).toBe("fuse.ovlfs");
    expect(mountLine()[3]!.split(",")).toEqual(expect.arrayContaining(["ro", "nosuid", "nodev", "noexec", "default_permissions", "allow_other"]));
    unmounted();
  });

  it("without an upper the mount is read-only", () => {
    mounted(["mount", "--lower", "l:l\\:2", "m"]);
    expect(mountLine()[3]!.split(",")).toContain("ro");
    unmounted();
  });

  it("--transport fuse-native mounts the same tree, or says in a sentence what is missing", () => {
    const finished = place.ovlfs(["mount", "--transport", "fuse-native", ...USUAL, "m"]);
    if (finished.status === 0) {
      expect(place.tree.read("m/f")).toBe("content");
      unmounted();
    } else {
      expect(finished.stderr).toMatch(/fuse-native|libfuse/);
      expect(place.mounts()).toEqual([]);
    }
  });
});

describe("a user without rights", () => {
  /** `nobody`: fusermount3 wants a user with a name. */
  const user = 65534;

  it("mounts lowers through fusermount3, reads, and unmounts", () => {
    run("chown", [String(user), place.tree.at("m")]);
    const finished = place.asUser(user, '"$@" mount --lower l:l,3 m && cat m/f && ls m && grep " $PWD/m " /proc/mounts | cut -d" " -f3 && "$@" umount m && ls m');
    expect(finished).toEqual({ status: 0, stdout: "contentf\nh\nfuse.ovlfs\n", stderr: "" });
    expect(waitUntil(() => place.processes().length === 0)).toBe(true);
  });

  it("writes to an upper of its own, and what it deleted stays deleted", () => {
    run("chown", [String(user), place.tree.at("m"), place.tree.at("u"), place.tree.at("w")]);
    const act = "rm m/f && echo new > m/new && mkdir m/d && ls m";
    const finished = place.asUser(user, `"$@" mount --lower l --upper u --work w m && ${act} && "$@" umount m && "$@" mount --lower l --upper u --work w m && ls m && "$@" umount m`);
    expect(finished).toEqual({ status: 0, stdout: "d\nnew\nd\nnew\n", stderr: "" });
    expect(place.tree.read("u/new")).toBe("new\n");
  });
});

describe("the daemon", () => {
  it("holds no descriptor, directory or terminal of its caller", () => {
    const caller = run("sh", ["-c", `exec 9> held && "$0" "$@"`, process.execPath, ...cliWords()], { cwd: place.path });
    expect(caller).toMatchObject({ status: 0 });
    const [pid] = place.processes();
    expect(readlinkSync(`/proc/${pid!}/cwd`)).toBe("/");
    const held = readdirSync(`/proc/${pid!}/fd`).map((fd) => readlink(`/proc/${pid!}/fd/${fd}`));
    const withoutOtherEnd = held.filter((target) => target.startsWith("pipe:") && held.filter((other) => other === target).length === 1);
    expect([...withoutOtherEnd, ...held.filter((target) => target.endsWith("/held"))]).toEqual([]);
    expect(readFileSync(`/proc/${pid!}/stat`, "latin1").replace(/^.*\) /, "").split(" ")[4]).toBe("0");
    unmounted();
  });

  it("ends when the mount is taken away by umount(8)", () => {
    mounted(["mount", ...USUAL, "m"]);
    expect(run("umount", [place.tree.at("m")]).status).toBe(0);
    expect(waitUntil(() => place.processes().length === 0)).toBe(true);
  });

  it("answers at once after mount returned, also from a working directory that the mount covers", () => {
    expect(run("sh", ["-c", `cd m && "$0" "$@" && cd . && cat ../m/f`, process.execPath, ...cliWords("..")], { cwd: place.path }))
      .toMatchObject({ status: 0, stdout: "content" });
    unmounted();
  });

  it.each(["SIGINT", "SIGTERM"] as const)("-f stays in front, and %s unmounts cleanly", async (signal) => {
    const child = place.start(["mount", "-f", ...USUAL, "m"]);
    expect(waitUntil(() => place.isMounted())).toBe(true);
    expect(run("cat", [place.tree.at("m/f")]).stdout).toBe("content");
    expect(child.exitCode).toBeNull();
    const ended = once(child, "exit");
    child.kill(signal);
    expect(await ended).toEqual([0, null]);
    expect(place.mounts()).toEqual([]);
  });

  it("--lazy detaches a busy mount, which then ends with its last user", () => {
    mounted(["mount", ...USUAL, "m"]);
    const opened = place.tree.open("m/f");
    expect(place.ovlfs(["umount", "-l", "m"])).toMatchObject({ status: 0 });
    expect(place.mounts()).toEqual([]);
    expect(opened.read(0, 10)).toBe("content");
    opened.close();
    expect(waitUntil(() => place.processes().length === 0)).toBe(true);
  });
});

function readlink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function cliWords(base = "."): readonly string[] {
  return [place.cli, "mount", "--lower", `${base}/l`, "--upper", `${base}/u`, "--work", `${base}/w`, `${base}/m`];
}
