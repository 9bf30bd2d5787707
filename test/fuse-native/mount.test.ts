/** A real mount over libfuse 2: what the common list of cases can't ask of all mounters. */
import {
  closeSync, fstatSync, linkSync, lstatSync, lutimesSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmdirSync, statSync,
  symlinkSync, unlinkSync, utimesSync, writeFileSync, writeSync,
} from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Place, USUAL } from "../cli-mount/command.js";
import { dir, file } from "../harness/layers.js";
import { CLI, ovlfsOverLibfuse } from "../harness/mounters.js";
import { mustRun, run, waitUntil } from "../harness/processes.js";

const why = ovlfsOverLibfuse.unavailable();

describe("a mount over libfuse 2", () => {
  let place: Place;
  const at = (path: string): string => place.tree.at(`m/${path}`);
  const log = (): string => readFileSync(place.tree.at("log"), "utf8");
  const mount = (...words: string[]): void => void mustRun(process.execPath, [CLI, "mount", "--transport", "fuse-native", "--log", "log", ...words, "m"], { cwd: place.path });

  beforeAll(() => {
    if (why !== null) return;
    place = new Place({ l: dir({ f: file("content"), other: file("x"), d: dir({ x: file("x") }) }), m: dir({ covered: file() }) });
    writeFileSync(Buffer.concat([Buffer.from(place.tree.at("l/")), Buffer.from("caf\xe9", "latin1")]), "latin");
    mount("-o", "noexec", ...USUAL);
  });
  afterAll(() => {
    if (why === null) place.end();
  });

  const mounted = (name: string, body: () => void): void => {
    it(name, ({ skip }) => {
      skip(why !== null, String(why));
      body();
    });
  };

  mounted("covers a directory that is not empty, with the type and flags asked for", () => {
    const line = readFileSync("/proc/self/mounts", "utf8").split("\n").find((words) => words.includes(`${place.path}/m `));
    expect(line).toMatch(/^ovlfs \S+ fuse\.ovlfs rw,noexec,/);
    expect(line).not.toContain("allow_other");
    expect(readdirSync(at("")).sort()).toEqual(["d", "f", "other"]);
  });

  mounted("leaves names that are not UTF-8 out of a listing, says so, and refuses them", () => {
    readdirSync(at(""));
    expect(waitUntil(() => log().includes("not UTF-8"))).toBe(true);
    expect(run("cat", ["m/caf\xe9"], { cwd: place.path }).stderr).toMatch(/No such file/);
    expect(run("sh", ["-c", "cat m/caf$(printf '\\351')"], { cwd: place.path, env: { ...process.env, LC_ALL: "C" } }).stderr).toMatch(/Invalid or incomplete multibyte/);
  });

  mounted("lets nobody else in, and says so", () => {
    expect(log()).toContain("only the mounter");
    expect(run("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "ls", at("")]).stderr).toMatch(/Permission denied/);
  });

  mounted("sets access and modification time apart, to the millisecond", () => {
    utimesSync(at("f"), 981173106.125, 981173000.5);
    expect(statSync(at("f"))).toMatchObject({ atimeMs: 981173106125, mtimeMs: 981173000500 });
    symlinkSync("f", at("link"));
    lutimesSync(at("link"), 5, 6);
    expect(lstatSync(at("link"))).toMatchObject({ atimeMs: 5000, mtimeMs: 6000 });
  });

  mounted("asks an open file for its attributes, not what has its name", () => {
    const fd = openSync(at("other"), "r+");
    renameSync(at("other"), at("moved"));
    mkdirSync(at("other"));
    writeSync(fd, "written");
    expect(fstatSync(fd)).toMatchObject({ size: 7, nlink: 1 });
    unlinkSync(at("moved"));
    expect(fstatSync(fd).size).toBe(7);
    closeSync(fd);
    rmdirSync(at("other"));
    expect(readdirSync(at("")).filter((name) => name.startsWith(".fuse_hidden"))).toEqual([]);
  });

  mounted("shows the link count at each name at once", () => {
    linkSync(at("d/x"), at("d/y"));
    expect([statSync(at("d/x")).nlink, statSync(at("d/y")).ino]).toEqual([2, statSync(at("d/x")).ino]);
    unlinkSync(at("d/y"));
    expect(statSync(at("d/x")).nlink).toBe(1);
  });

  mounted("ends its process when somebody unmounts it", () => {
    mustRun("umount", [place.tree.at("m")]);
    expect(waitUntil(() => place.processes().length === 0)).toBe(true);
    expect(readdirSync(at(""))).toEqual(["covered"]);
  });

  mounted("is detached where it is busy, and served until it is let go", () => {
    mount(...USUAL);
    const fd = openSync(at("f"), "r");
    expect(run(process.execPath, [CLI, "umount", "m"], { cwd: place.path }).stderr).toMatch(/busy/);
    mustRun(process.execPath, [CLI, "umount", "-l", "m"], { cwd: place.path });
    expect(place.isMounted()).toBe(false);
    expect(readFileSync(fd, "utf8")).toBe("content");
    expect(place.processes()).not.toEqual([]);
    closeSync(fd);
    expect(waitUntil(() => place.processes().length === 0)).toBe(true);
  });

  mounted("admits others to a read-only overlay, over a directory that is a mount itself", () => {
    mustRun("mount", ["-t", "tmpfs", "none", place.tree.at("m")]);
    mount("-o", "ro", ...USUAL);
    expect(mustRun("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "ls", at("d")])).toBe("x\n");
    expect(() => writeFileSync(at("new"), "")).toThrow(/EROFS/);
    mustRun(process.execPath, [CLI, "umount", "m"], { cwd: place.path });
    expect(place.isMounted()).toBe(true);
    mustRun("umount", [place.tree.at("m")]);
    expect(waitUntil(() => place.processes().length === 0)).toBe(true);
  });
});
