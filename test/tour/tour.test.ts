/** `ovlfs tour`: whole runs prove each lesson, on ovlfs and on the kernel's overlay; and nothing is ever left of one. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { chapters } from "../../src/tour/chapters/index.js";
import { kernel, ovlfs } from "../harness/mounters.js";
import { run, waitUntil } from "../harness/processes.js";
import { TourPlace } from "./place.js";

// A whole tour starts some hundred programs.
vi.setConfig({ testTimeout: 180_000 });

const CHAPTERS = 10;
/** `nobody`: fusermount3 wants a user with a name. */
const USER = 65534;

const unavailable = ovlfs.unavailable();
const noKernel = kernel.unavailable();
const noTerminal = existsSync("/usr/bin/script") ? null : "script(1) is not installed, which makes terminals";
const noUsers = run("sh", ["-c", "command -v fusermount3"]).status === 0 ? null : "fusermount3 is not installed (Debian: fuse3)";

let place: TourPlace;
beforeEach(({ skip }) => {
  skip(unavailable !== null, unavailable ?? "");
  place = new TourPlace();
  return () => { place.end(); };
});

/** The facts that a transcript says were checked. */
function facts(transcript: string): string[] {
  return transcript.split("\n").filter((line) => line.startsWith("  ok "));
}

function titles(transcript: string): string[] {
  return transcript.split("\n").filter((line) => /^\d+\. /.test(line));
}

describe("a whole tour", () => {
  it("as root proves every lesson, and leaves nothing", async () => {
    const finished = await place.auto();
    expect(finished).toMatchObject({ status: 0, stderr: "" });
    expect(titles(finished.stdout)).toHaveLength(CHAPTERS);
    expect(finished.stdout).not.toContain("Left out here");
    expect(finished.stdout).toMatch(/motd +c--------- 0, 0/);
    expect(finished.stdout).toContain("trusted.overlay.opaque=\"y\"");
    expect(finished.stdout).toContain("trusted.overlay.redirect=\"srv\"");
    place.expectNothingLeft();
  });

  it("as a user says what only root can see, and proves the rest", async ({ skip }) => {
    skip(noUsers !== null, noUsers ?? "");
    const script = `TMPDIR=${place.temporary} "$@" tour --auto && ! grep ovlfs-tour /proc/mounts`;
    const finished = await place.command(place.wordsAsUser(USER, script)).ended;
    expect(finished).toMatchObject({ status: 0, stderr: "" });
    expect(titles(finished.stdout)).toHaveLength(CHAPTERS);
    expect(finished.stdout.match(/^Left out here: .*$/gm)).toEqual([
      ...Array<string>(2).fill("Left out here: redirect_dir=on needs trusted.* xattrs, which only root may set:"),
      ...Array<string>(2).fill("Left out here: index=on needs file handles of the lower, which only root may"),
    ]);
    expect(finished.stdout).toContain("user.overlay.opaque=\"y\"");
    expect(finished.stdout).not.toContain("trusted.overlay");
    place.expectNothingLeft();
  });

  it("proves the same facts on the kernel's overlay, but for the limit of its mount options", async ({ skip }) => {
    skip(noKernel !== null, noKernel ?? "");
    const kernels = await place.auto("--kernel");
    expect(kernels).toMatchObject({ status: 0, stderr: "" });
    const [shared, many] = kernels.stdout.split("10. 128 layers\n");
    expect(many).toContain("10.2 The kernel's overlay cannot be told so many");
    const own = await place.auto("--chapter", "1,2,3,4,5,6,7,8,9");
    expect(facts(shared!)).toEqual(facts(own.stdout));
    expect(facts(shared!).length).toBeGreaterThan(150);
    place.expectNothingLeft();
  });
});

describe("a chapter", () => {
  const transcript = readFileSync(join(import.meta.dirname, "new-file.txt"), "utf8");

  it("reads as a lesson, the same through each pipe", async () => {
    expect((await place.auto("--chapter", "2")).stdout).toBe(transcript);
  });

  it("fits 80 columns", async () => {
    for (const line of (await place.auto("--chapter", "1,4,10")).stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  it("plays in any directory, with blanks in its name, behind a symlink, under a strict umask", async () => {
    mkdirSync(place.tree.at("tmp/it's here"));
    symlinkSync("tmp/it's here", place.tree.at("link"));
    const begun = place.command(["sh", "-c", 'umask 077; TMPDIR=$0/link exec "$@"', place.path, process.execPath, place.cli, "tour", "--auto", "--chapter", "2"]);
    expect((await begun.ended).stdout).toBe(transcript);
    rmdirSync(place.tree.at("tmp/it's here"));
    place.expectNothingLeft();
  });

  it("points to documents and files that are there", () => {
    const root = join(import.meta.dirname, "../..");
    const pointers = chapters.flatMap(({ reading }) => reading).join("\n");
    const documents = pointers.match(/(?:docs\/)?[\w-]+\.md/g)!;
    const sources = pointers.match(/[\w-]+\.ts/g)!.map((name) => `src/engine/${name}`);
    expect([...documents, ...sources].filter((name) => !existsSync(join(root, name)))).toEqual([]);
    expect(documents.length).toBeGreaterThanOrEqual(CHAPTERS);
  });

  it("is chosen by its number; --list has them all", async () => {
    expect(titles((await place.auto("--chapter", "7,2")).stdout)).toEqual(["7. Stop, start, remove", "2. A new file lands in the upper"]);
    expect(place.ovlfs(["tour", "--list"]).stdout.trimEnd().split("\n")).toHaveLength(CHAPTERS);
  });
});

describe("a step that does not do what the lesson says", () => {
  it("ends the tour in a sentence and status 1, cleaned up", async () => {
    place.replace("touch", "exit 0");
    const finished = await place.auto("--chapter", "2");
    expect(finished.status).toBe(1);
    expect(finished.stderr).toBe("ovlfs: step 2.1 ('A fresh container, and a file in its /tmp'): it does not hold that merged/tmp/hoge is an empty file; the tour ends here, everything was cleaned up\n");
    place.expectNothingLeft();
  });

  it("ends it where a command fails", async () => {
    place.replace("touch", "echo no touch; exit 3");
    const finished = await place.auto("--chapter", "2");
    expect(finished).toMatchObject({ status: 1, stderr: "ovlfs: step 2.1: 'touch merged/tmp/hoge' did not do what the lesson says: it ended with status 3 (no touch); the tour ends here, everything was cleaned up\n" });
    expect(finished.stdout).toContain("  no touch\n");
    place.expectNothingLeft();
  });

  it("ends it where a lower layer was changed", async () => {
    place.replace("touch", "/usr/bin/touch \"$@\"; echo more >>base/etc/motd");
    expect(await place.auto("--chapter", "2")).toMatchObject({ status: 1, stderr: expect.stringContaining("the lower layer base was changed") as string });
    place.expectNothingLeft();
  });

  it("ends it where something is not refused", async () => {
    place.replace("cat", "exit 0");
    expect(await place.auto("--chapter", "4")).toMatchObject({ status: 1, stderr: expect.stringContaining("it was not refused") as string });
    place.expectNothingLeft();
  });
});

describe("an interrupted tour", () => {
  it.each([["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const)("leaves nothing after %s", async (signal, status) => {
    place.replace("touch", "sleep 1; exec /usr/bin/touch \"$@\"");
    const { child, ended } = place.begin("--chapter", "2");
    place.waitForMount();
    child.kill(signal);
    expect(await ended).toMatchObject({ status });
    place.expectNothingLeft();
  });

  it("leaves nothing where the reader of its output goes away", async () => {
    place.replace("touch", "sleep 1; exec /usr/bin/touch \"$@\"");
    const { child, ended } = place.begin("--chapter", "2");
    place.waitForMount();
    child.stdout?.destroy();
    expect(await ended).toMatchObject({ status: 1 });
    place.expectNothingLeft();
  });

  it("leaves nothing where it is killed outright", async () => {
    place.replace("touch", "sleep 1; exec /usr/bin/touch \"$@\"");
    const { child, ended } = place.begin("--chapter", "2");
    place.waitForMount();
    child.kill("SIGKILL");
    await ended;
    expect(waitUntil(() => place.tree.list("tmp").length === 0, 30_000)).toBe(true);
    place.expectNothingLeft();
  });

  it("leaves nothing where its terminal is closed", async ({ skip }) => {
    skip(noTerminal !== null, noTerminal ?? "");
    const { child, ended } = place.command(["script", "-qec", `${process.execPath} ${place.cli} tour --chapter 2`, "/dev/null"], "pipe");
    child.stdin?.write(" ");
    place.waitForMount();
    child.kill("SIGKILL");
    await ended;
    expect(waitUntil(() => place.tree.list("tmp").length === 0, 30_000)).toBe(true);
    place.expectNothingLeft();
  });

  it("detaches a mount in which somebody looks around", async () => {
    place.replace("touch", "/usr/bin/touch \"$@\"; (cd merged && exec sleep 5 >/dev/null 2>&1) &\nsleep 0.2; exit 1");
    expect((await place.auto("--chapter", "2")).status).toBe(1);
    expect(place.mounts()).toEqual([]);
    expect(place.tree.list("tmp")).toEqual([]);
  });
});

describe("a tour with keys", () => {
  it("takes a step for each key, to its end", async ({ skip }) => {
    skip(noTerminal !== null, noTerminal ?? "");
    const { status, stdout } = await place.onTerminal([" ", "\r", "\n", " "]);
    expect(stdout).toContain("2.4 A new file is deleted again");
    expect(stdout).toContain("That was the tour: one chapter");
    expect(status).toBe(0);
    place.expectNothingLeft();
  });

  it.for([["q", "q"], ["Ctrl-C", "\x03"]] as const)("is left by %s", async ([, key], { skip }) => {
    skip(noTerminal !== null, noTerminal ?? "");
    const { stdout, status } = await place.onTerminal(["\r", key]);
    expect(status).toBe(130);
    expect(stdout).toContain("2.2 The file is written to");
    expect(stdout).toContain("The tour was left; everything was cleaned up.");
    expect(stdout).not.toContain("That was the tour");
    place.expectNothingLeft();
  });

  it("puts the directories below one another where there is no room beside", async ({ skip }) => {
    skip(noTerminal !== null, noTerminal ?? "");
    const { stdout } = await place.onTerminal([" ", "q"], "stty cols 60;");
    const lines = stdout.replaceAll(/\x1b\[\d+m|\r/g, "").split("\n");
    expect(lines).toContain("  upper");
    expect(lines.filter((line) => line.length > 60 && !line.includes("[Enter]"))).toEqual([]);
  });

  it("is coloured there, unless NO_COLOR asks for none", async ({ skip }) => {
    skip(noTerminal !== null, noTerminal ?? "");
    expect((await place.onTerminal(["q"])).stdout).toContain("\x1b[1m2. A new file lands in the upper\x1b[0m");
    Object.assign(place.env, { NO_COLOR: "1" });
    const { stdout } = await place.onTerminal(["q"]);
    expect(stdout).toContain("2. A new file lands in the upper");
    expect(stdout).not.toContain("\x1b");
  });

  it("is refused where there is no terminal, as are words it does not know", () => {
    const refused = (...words: string[]): string => {
      const { status, stdout, stderr } = place.ovlfs(["tour", ...words]);
      expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
      return stderr;
    };
    expect(refused()).toBe("ovlfs: the tour reads keys from a terminal, and this is none; add --auto to run through without keys\n");
    expect(refused("--chapter", "11")).toBe("ovlfs: there is no chapter '11'; give numbers from 1 to 10\n");
    expect(refused("--autos")).toBe("ovlfs: unknown option '--autos'; 'ovlfs tour --help' lists all that there are\n");
    expect(refused("here")).toBe("ovlfs: there is one word too many: 'here'; 'ovlfs tour' takes options only\n");
  });
});
