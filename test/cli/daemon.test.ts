/** The life of a mount made by the program itself: what it returns, holds and leaves. */
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, type TestContext } from "vitest";
import { CLI, ovlfs } from "../harness/mounters.js";
import { makePlace, removePlace } from "../harness/places.js";
import { mountsBelow, mustRun, processesNaming, run, waitUntil, type Finished } from "../harness/processes.js";

let place: string;

beforeEach((context: TestContext) => {
  const reason = ovlfs.unavailable();
  if (reason !== null) context.skip(reason);
  place = makePlace();
  for (const name of ["lower", "lower/dir", "upper", "work", "merged"]) mkdirSync(join(place, name));
  writeFileSync(join(place, "lower/file"), "lower\n");
});

afterEach(() => {
  for (const mountpoint of mountsBelow(place)) run("umount", ["-l", mountpoint]);
  expect(waitUntil(() => processesNaming(place).length === 0)).toBe(true);
  removePlace(place);
});

const ovlfsWith = (...words: readonly string[]): Finished => run(process.execPath, [CLI, ...words], { cwd: place, milliseconds: 20_000 });
const mountWith = (...words: readonly string[]): Finished => ovlfsWith("mount", "--lower", "lower", ...words);
const mountWritable = (): Finished => mountWith("--upper", "upper", "--work", "work", "merged");
const shell = (script: string): Finished => run("bash", ["-c", script, "bash", process.execPath, CLI], { cwd: place, milliseconds: 20_000 });
const merged = (): string => join(place, "merged");
const mounted = (): boolean => mountsBelow(merged()).length > 0;
const readMerged = (): string => mustRun("cat", [join(merged(), "file")], { milliseconds: 10_000 });

function daemon(): number {
  const processes = processesNaming(merged());
  expect(processes).toHaveLength(1);
  return processes[0]!;
}

describe("ovlfs mount", () => {
  it("returns once the mount answers, and umount when the daemon has gone", () => {
    expect(mountWritable()).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(readMerged()).toBe("lower\n");
    expect(ovlfsWith("umount", "merged")).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(mounted()).toBe(false);
    expect(processesNaming(place)).toEqual([]);
  });

  it("shows as fuse.ovlfs, with the source that is named", () => {
    expect(ovlfsWith("my layers", "merged", "-o", "lowerdir=lower,nodev,noatime").status).toBe(0);
    const line = readFileSync("/proc/mounts", "utf8").split("\n").find((entry) => entry.includes(merged()))!;
    const [source, , type, options] = line.split(" ");
    expect([source, type]).toEqual(["my\\040layers", "fuse.ovlfs"]);
    expect(options!.split(",")).toEqual(expect.arrayContaining(["ro", "nodev", "noatime"]));
  });

  it("leaves the caller's output to the caller", () => {
    expect(shell('"$1" "$2" mount --lower lower merged | cat; echo returned').stdout).toBe("returned\n");
  });

  it("holds none of the caller's descriptors and not its directory", () => {
    expect(shell('"$1" "$2" mount --lower lower merged 7>seven 9>>nine 100>hundred').status).toBe(0);
    const pid = daemon();
    const open = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    expect(open.filter((target) => /seven|nine|hundred/.test(target))).toEqual([]);
    expect(["0", "1", "2"].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))).toEqual(["/dev/null", "/dev/null", "/dev/null"]);
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe("/");
  });

  it("takes names with colons, commas, blanks and bytes that are not UTF-8", () => {
    const made = shell(`
      odd=$(printf 'o\\377d:d,\\351 ')
      mkdir "$odd" "$odd"/l "$odd"/u "$odd"/w "$odd"/m && echo odd >"$odd"/l/file
      escaped=$(printf 'o\\377d\\\\:d\\\\,\\351 ')
      "$1" "$2" mount -o "lowerdir=$escaped/l,upperdir=$escaped/u,workdir=$escaped/w" "$odd"/m || exit
      cat "$odd"/m/file; echo changed >"$odd"/m/file; cat "$odd"/u/file
      "$1" "$2" umount "$odd"/m && ls "$odd"/m | wc -l`);
    expect(made).toMatchObject({ stdout: "odd\nchanged\n0\n", stderr: "", status: 0 });
  });

  it("mounts over one of its layers and inside one without hanging", () => {
    expect(mountWith("lower").status).toBe(0);
    expect(mustRun("cat", [join(place, "lower/file")], { milliseconds: 10_000 })).toBe("lower\n");
    expect(ovlfsWith("umount", "lower").status).toBe(0);
    expect(mountWith("lower/dir").status).toBe(0);
    expect(mustRun("cat", [join(place, "lower/dir/file")], { milliseconds: 10_000 })).toBe("lower\n");
    expect(ovlfsWith("umount", "lower/dir").status).toBe(0);
  });

  it("mounts where a symlink leads, and unmounts by the same name", () => {
    symlinkSync("merged", join(place, "link"));
    expect(mountWith("link").status).toBe(0);
    expect(mounted()).toBe(true);
    expect(ovlfsWith("umount", "link/").status).toBe(0);
  });

  it("is taken back where the caller is killed before it answers", () => {
    shell('"$1" "$2" mount --lower lower merged & sleep 0.05; kill -KILL $!; wait');
    expect(waitUntil(() => processesNaming(merged()).length === 0 === !mounted())).toBe(true);
  });
});

describe("the daemon", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("unmounts on %s", (signal) => {
    expect(mountWritable().status).toBe(0);
    const pid = daemon();
    process.kill(pid, signal);
    expect(waitUntil(() => !mounted() && processesNaming(place).length === 0)).toBe(true);
  });

  it("keeps serving a busy mount on a signal, and detaches it on the second", () => {
    expect(mountWith("--log", "log", "merged").status).toBe(0);
    const result = shell(`
      exec 5<merged/file; cd merged
      kill ${daemon()}; sleep 0.5; grep -c " $PWD " /proc/mounts; cat file
      kill ${daemon()}; sleep 0.5; grep -c " $PWD " /proc/mounts; cat <&5`);
    expect(result.stdout).toBe("1\nlower\n0\nlower\n");
    expect(waitUntil(() => processesNaming(place).length === 0)).toBe(true);
    expect(readFileSync(join(place, "log"), "utf8")).toContain("was not unmounted: EBUSY");
  });

  it("in front: stays there until a signal, then ends with status 0", () => {
    const result = shell(`"$1" "$2" mount -f --lower lower merged & front=$!
      until grep -q " $PWD/merged " /proc/mounts; do sleep 0.05; done
      cat merged/file; kill -INT $front; wait $front; echo "status $?"`);
    expect(result).toMatchObject({ stdout: "lower\nstatus 0\n", stderr: "" });
    expect(mounted()).toBe(false);
  });

  it("killed, leaves a stale mount that mount refuses by name and umount removes", () => {
    expect(mountWritable().status).toBe(0);
    process.kill(daemon(), "SIGKILL");
    expect(waitUntil(() => processesNaming(merged()).length === 0)).toBe(true);
    const refused = mountWritable();
    expect(refused.status).toBe(1);
    expect(refused.stderr).toBe(`ovlfs: the mount point 'merged' is a stale mount left by a killed daemon; run 'ovlfs umount merged' first\n`);
    expect(ovlfsWith("umount", "merged").status).toBe(0);
    expect(mountWritable().status).toBe(0);
    expect(readMerged()).toBe("lower\n");
  });
});

describe("ovlfs umount", () => {
  it("refuses what is not mounted and what is not ours", () => {
    expect(ovlfsWith("umount", "merged")).toMatchObject({ status: 1, stderr: `ovlfs: '${merged()}' is not mounted; /proc/mounts lists what is\n` });
    expect(ovlfsWith("umount", "/proc").stderr).toContain("'/proc' is a mount of type proc, not fuse.ovlfs");
  });

  it("refuses a busy mount, and detaches it with -l", () => {
    expect(mountWith("merged").status).toBe(0);
    const result = shell(`exec 5<merged/file
      "$1" "$2" umount merged 2>error; echo "status $?"; cat merged/file
      "$1" "$2" umount -l merged; echo "status $?"; ls merged | wc -l; cat <&5`);
    expect(result.stdout).toBe("status 1\nlower\nstatus 0\n0\nlower\n");
    expect(readFileSync(join(place, "error"), "utf8")).toMatch(/^ovlfs: '.*' is busy; .*\n$/);
  });

  it("takes the topmost of stacked mounts", () => {
    expect(mountWith("merged").status).toBe(0);
    expect(mountWith("merged").status).toBe(0);
    expect(processesNaming(merged())).toHaveLength(2);
    expect(ovlfsWith("umount", "merged").status).toBe(0);
    expect(processesNaming(merged())).toHaveLength(1);
    expect(readMerged()).toBe("lower\n");
  });
});

describe("bad input ends in one sentence, status 1 and nothing mounted", () => {
  it.each<[string, readonly string[], RegExp]>([
    ["a missing lower", ["mount", "--lower", "absent", "merged"], /absent/],
    ["a lower that is a file", ["mount", "--lower", "lower/file", "merged"], /lower\/file/],
    ["an upper without a work directory", ["mount", "--lower", "lower", "--upper", "upper", "merged"], /work/],
    ["a missing upper", ["mount", "--lower", "lower", "--upper", "absent", "--work", "work", "merged"], /absent/],
    ["work inside upper", ["mount", "--lower", "lower", "--upper", "upper", "--work", "upper", "merged"], /upper/],
    ["work on another file system", ["mount", "--lower", "lower", "--upper", "upper", "--work", "/proc", "merged"], /file system/],
    ["a missing mount point", ["mount", "--lower", "lower", "absent"], /the mount point 'absent' does not exist/],
    ["a mount point that is a file", ["mount", "--lower", "lower", "lower/file"], /the mount point 'lower\/file' is not a directory/],
    ["a mount point with a name over 255 bytes", ["mount", "--lower", "lower", "x".repeat(256)], /the mount point 'x+' is too long/],
    ["an unknown option", ["mount", "--lower", "lower", "-o", "foo", "merged"], /unknown option 'foo'/],
    ["a log file that cannot be made", ["mount", "--lower", "lower", "--log", "absent/log", "merged"], /the file of --log 'absent\/log' cannot be opened: ENOENT/],
  ])("%s", (_, words, message) => {
    const result = ovlfsWith(...words);
    expect(result.status).toBe(1);
    expect(result.stdout).toBe("");
    expect(result.stderr).toMatch(message);
    expect(result.stderr).toMatch(/^ovlfs: [^\n]+\n$/);
    expect(mountsBelow(place)).toEqual([]);
    expect(processesNaming(place)).toEqual([]);
    expect(readdirSync(join(place, "work"))).toEqual([]);
    expect(existsSync(join(place, "absent"))).toBe(false);
  });

  it("a work directory in use by another live mount", () => {
    for (const name of ["second", "other"]) mkdirSync(join(place, name));
    expect(mountWritable().status).toBe(0);
    const result = mountWith("--upper", "other", "--work", "work", "second");
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(/^ovlfs: work directory '[^\n]*' is in use by another live mount; [^\n]*\n$/);
    expect(mountWith("--upper", "upper", "--work", "work", "second").stderr).toMatch(/^ovlfs: upper '[^\n]*' is in use by another live mount; [^\n]*\n$/);
    expect(readMerged()).toBe("lower\n");
  });
});

describe("a machine where mounting fails", () => {
  it.each(["rw", "volatile"])("gets its work directory back as it was (%s)", (option) => {
    const result = shell(`exec unshare --mount bash -c 'mount --make-rprivate / && mount --bind /dev/null /dev/fuse && "$@" -o ${option} --lower lower --upper upper --work work merged' bash "$1" "$2" mount`);
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(/^ovlfs: [^\n]+\n$/);
    expect(readdirSync(join(place, "work"))).toEqual([]);
  });
});

describe("--version and --help", () => {
  it("print to standard output and end with 0", () => {
    const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")) as { version: string };
    expect(ovlfsWith("--version").stdout.split("\n")[0]).toBe(`ovlfs ${manifest.version}`);
    for (const words of [["--help"], ["mount", "--help"], ["umount", "--help"]]) {
      expect(ovlfsWith(...words)).toMatchObject({ status: 0, stderr: "" });
      expect(ovlfsWith(...words).stdout).toContain("usage: ovlfs");
    }
  });
});
