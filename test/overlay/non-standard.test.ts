/**
 * What the kernel's document lists, or listed, as non-standard behaviour of files that are copied up while they
 * are in use (Documentation/filesystems/overlayfs.rst, "Non-standard behavior"): programs, locks, leases, watches,
 * access times. Mappings are in data.test.ts, descriptors in open-files.test.ts.
 */
import { watch } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { expect } from "vitest";
import { Conversation, helperProgram } from "../harness/helpers.js";
import { dir, file, OLD_TIME } from "../harness/layers.js";
import { overlay } from "../harness/overlay-cases.js";
import { run } from "../harness/processes.js";
import { check, outcome } from "../harness/syscalls.js";
import { LOCK_EX, LOCK_NB, O_DIRECTORY, O_RDONLY, O_RDWR, O_WRONLY } from "../../src/sys/constants.js";
import { native } from "../../src/sys/native.js";

const locks = file(helperProgram("locks"), { mode: 0o755 });

/** Starts the program `locks` of the merged directory on a file. */
async function locker(tool: string, words: readonly string[]): Promise<(line: string) => Promise<string>> {
  const program = new Conversation(tool, words);
  expect(await program.hear()).toBe("done");
  return async (line) => {
    if (line === "end") await program.end();
    else program.say(line);
    return line === "end" ? "" : program.hear();
  };
}

overlay("non-standard behaviour", {}, (it) => {
  it("a program of a lower, or of the upper, is not run while it is open for writing",
    { lower: { low: locks, f: file() }, upper: { up: locks }, ownWay: "the kernel copies up at open" }, ({ merged }) => {
      for (const name of ["low", "up"]) {
        const opened = merged.open(name, O_WRONLY);
        expect(run("sh", ["-c", `'${merged.at(name)}' f`], { cwd: merged.path }).status).toBe(126);
        opened.close();
        expect(run(merged.at(name), [merged.at("f")])).toMatchObject({ status: 0, stdout: "done\n" });
      }
    });

  it("a running program of a lower can't be cut, and its mode can be changed", { lower: { low: locks, f: file() } }, async ({ merged, upper }) => {
    const say = await locker(merged.at("low"), [merged.at("f")]);
    expect(outcome(() => merged.open("low", O_RDWR))).toBe("ETXTBSY");
    merged.chmod("low", 0o700);
    expect(upper.stat("low").mode).toBe("700");
    expect(outcome(() => merged.open("low", O_RDWR))).toBe("ETXTBSY");
    expect(await say("lock read")).toBe("done");
    await say("end");
    expect(outcome(() => { merged.append("low", "\0"); })).toBe("done");
  });

  it("locks taken before a copy-up hold after it", { lower: { tool: locks, f: file("content"), g: file("content") } }, async ({ merged }) => {
    const held = merged.open("f");
    check(native.flock(held.fd, LOCK_EX | LOCK_NB), "flock");
    const owner = await locker(merged.at("tool"), [merged.at("g")]);
    expect(await owner("lock read")).toBe("done");
    merged.patch("f", 0, "new");
    merged.patch("g", 0, "new");
    const other = merged.open("f");
    expect(outcome(() => check(native.flock(other.fd, LOCK_EX | LOCK_NB), "flock"))).toBe("EWOULDBLOCK");
    const stranger = await locker(merged.at("tool"), [merged.at("g"), "write"]);
    expect(await stranger("lock write")).toBe("Resource temporarily unavailable");
    await owner("end");
    expect(await stranger("lock write")).toBe("done");
    await stranger("end");
  });

  it("a lease of a lower file is broken by who opens it for writing", { lower: { tool: locks, f: file("content") }, ownWay: "the kernel copies up at open" }, async ({ merged }) => {
    const owner = await locker(merged.at("tool"), [merged.at("f")]);
    const other = await locker(merged.at("tool"), [merged.at("f")]);
    expect(await owner("lease read")).toBe("done");
    expect(await other("break")).toBe("Resource temporarily unavailable");
    expect(await owner("lease none")).toBe("done");
    expect(await other("break")).toBe("done");
    await owner("end");
    await other("end");
  });

  it("who watches a lower file, or its directory, is told of changes over the copy-up", { needs: ["unlinked-files"], lower: { d: dir({ f: file("content") }) } }, async ({ merged }) => {
    const told = new Set<string>();
    const watches = ["d/f", "d"].map((name) => watch(merged.at(name), (event, changed) => { told.add(`${name}: ${event} ${changed}`); }));
    const next = async (act: () => void): Promise<string[]> => {
      told.clear();
      act();
      await setTimeout(100);
      return [...told].sort();
    };
    try {
      const changed = ["d/f: change f", "d: change f"];
      expect(await next(() => { merged.patch("d/f", 0, "new"); })).toEqual(changed);
      expect(await next(() => { merged.chmod("d/f", 0o600); })).toEqual(changed);
      expect(await next(() => { merged.rename("d/f", "d/g"); })).toEqual(["d/f: rename f", "d: rename f", "d: rename g"]);
      expect(await next(() => { merged.create("d/made"); })).toContain("d: rename made");
      expect(await next(() => { merged.unlink("d/g"); })).toContain("d: rename g");
    } finally {
      for (const one of watches) one.close();
    }
  });

  it("reading moves the access time of what is in the upper, and not that of a lower file",
    { lower: { low: file("x"), copied: file("x") }, upper: { up: file("x"), d: dir({ x: file() }) } }, ({ merged }) => {
      merged.chmod("copied", 0o600);
      const isOld = (name: string): boolean => merged.stat(name).atime.startsWith(`${OLD_TIME[0]}.`);
      for (const name of ["low", "copied", "up", "d"]) expect(isOld(name)).toBe(true);
      for (const name of ["low", "copied", "up"]) merged.with(name, O_RDONLY, (opened) => opened.read(0, 1));
      merged.with("d", O_RDONLY | O_DIRECTORY, (directory) => native.getdents64(directory.fd, Buffer.alloc(1000)));
      expect(["low", "copied", "up", "d"].map(isOld)).toEqual([true, false, false, false]);
    });

  it("one who reads and one who writes see one file, whichever of them came first", { lower: { f: file("old content") } }, ({ merged }) => {
    const reader = merged.open("f");
    const writer = merged.open("f", O_RDWR);
    writer.write("new", 0);
    writer.truncate(7);
    expect(reader.read(0, 100)).toBe("new con");
    expect({ ...reader.stat(), blocks: 0 }).toEqual({ ...writer.stat(), blocks: 0 });
    reader.sync();
    expect(merged.read("f")).toBe("new con");
  });
});
