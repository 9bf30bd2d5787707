/** What features leave in the upper and the work directory, where no mount is needed to see it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Fixture, isRoot } from "./fixture.js";

describe.runIf(isRoot)("features of the format", () => {
  let overlay: Fixture;
  beforeEach(() => { overlay = new Fixture(1); });
  afterEach(() => { overlay.close(); });

  function mark(name: string, path = ""): string {
    try {
      return overlay.run("getfattr", "--only-values", "-e", "hex", "-n", `trusted.overlay.${name}`, overlay.path("upper", path));
    } catch {
      return "none";
    }
  }

  test("a fresh upper gets a uuid and keeps it; one that was in use before there were any gets none", () => {
    overlay.open();
    const uuid = mark("uuid");
    expect(uuid).not.toBe("none");
    overlay.reopen();
    expect(mark("uuid")).toBe(uuid);
    overlay.run("setfattr", "-x", "trusted.overlay.uuid", overlay.path("upper"));
    overlay.run("setfattr", "-n", "trusted.overlay.impure", "-v", "y", overlay.path("upper"));
    overlay.reopen();
    expect(mark("uuid")).toBe("none");
  });

  test.each(["null", "off"] as const)("uuid=%s writes none", (uuid) => {
    overlay.open({ ...overlay.options, uuid });
    expect(mark("uuid")).toBe("none");
  });

  test("bringing the data of a metacopy changes no time", () => {
    overlay.file("lower1", "f", "content");
    overlay.run("touch", "-d", "2001-02-03 04:05:06", overlay.path("lower1", "f"));
    overlay.open({ ...overlay.options, metacopy: true });
    const inode = overlay.at("f");
    overlay.engine.setattr(inode, { mode: 0o600 });
    const before = overlay.stat(inode).mtimeSec;
    overlay.engine.write(inode, Buffer.from("C"), 0, 1, 0, true);
    expect([overlay.stat(inode).mtimeSec, overlay.read(inode)]).toEqual([before, "Content"]);
  });

  test("volatile leaves the kernel's guard, and the next mount is refused", () => {
    overlay.open({ ...overlay.options, fsync: "volatile" });
    expect(overlay.run("find", overlay.path("work"), "-name", "dirty")).toContain("work/work/incompat/volatile/dirty");
    expect(() => overlay.reopen()).toThrow("volatile");
    expect(() => overlay.reopenWith({ ...overlay.options, readOnly: true })).toThrow("volatile");
  });

  test("a work directory that another daemon is about to give back is waited for", async () => {
    const holder = spawn("flock", ["-n", overlay.path("work"), "sleep", "1"], { stdio: "ignore" });
    await setTimeout(300);
    overlay.open();
    expect(overlay.list(overlay.engine.root)).toEqual([]);
    await (holder.exitCode === null ? once(holder, "exit") : null);
  });

  test("an index that belongs to other layers is refused, whichever of the two is another", () => {
    overlay.open({ ...overlay.options, index: true });
    overlay.run("cp", "-a", overlay.path("upper"), overlay.path("upper2"));
    overlay.run("mkdir", overlay.path("lower2"));
    const options = { ...overlay.options, index: true };
    expect(() => overlay.reopenWith({ ...options, upper: overlay.bytes("upper2") })).toThrow("belongs to another upper");
    expect(() => overlay.reopenWith({ ...options, lower: [overlay.bytes("lower2")] })).toThrow("another topmost lower layer");
    overlay.file("work", "index/junk");
    expect(() => overlay.reopenWith(options)).toThrow("holds 'junk', which is no entry");
  });

  test("entries of the index whose file is gone are swept away", () => {
    overlay.file("lower1", "a", "text");
    overlay.run("ln", overlay.path("lower1", "a"), overlay.path("lower1", "b"));
    const options = { ...overlay.options, index: true };
    overlay.open(options);
    overlay.write(overlay.at("a"), "T");
    const entries = (): string => overlay.run("ls", overlay.path("work", "index"));
    expect(entries()).toMatch(/^00fb[0-9a-f]+\n$/);
    overlay.run("setfattr", "-x", "trusted.overlay.origin", overlay.path("upper", "a"));
    overlay.reopenWith(options);
    expect(entries()).toBe("");
  });
});
