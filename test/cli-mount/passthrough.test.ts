/** `-o data=passthrough`: what reaches the layers' files without the daemon, and that all see the same data. */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { O_APPEND, O_RDONLY, O_RDWR, O_WRONLY } from "../../src/sys/constants.js";
import { native } from "../../src/sys/native.js";
import { outcome } from "../harness/syscalls.js";
import { Place, USUAL } from "./command.js";

const PASSTHROUGH = ["-o", "data=passthrough"] as const;

let place: Place;

beforeEach(() => { place = new Place(); });
afterEach(() => { place.end(); });

/** Whether this kernel has it: Linux 6.9, root. */
const refusal = ((): string | null => {
  const tried = new Place();
  const { status, stderr } = tried.ovlfs(["mount", ...USUAL, ...PASSTHROUGH, "m"]);
  tried.end();
  return status === 0 ? null : stderr.trim();
})();
if (refusal !== null) console.log(`skipped: passthrough, ${refusal}`);

/** The READ and WRITE requests that the mount has served until it was unmounted. */
function served(): number {
  expect(place.ovlfs(["umount", "m"])).toMatchObject({ status: 0 });
  const rows = readFileSync(place.tree.at("profile"), "utf8").split("\n").map((line) => line.split(/ {2,}/));
  return rows.filter(([kind]) => kind === "READ" || kind === "WRITE").reduce((sum, [, count]) => sum + Number(count), 0);
}

function mount(words: readonly string[] = USUAL): void {
  expect(place.ovlfs(["mount", ...words, ...PASSTHROUGH, "--profile=profile", "m"])).toEqual({ status: 0, stdout: "", stderr: "" });
}

describe.runIf(refusal === null)("data=passthrough", () => {
  it("files of the upper are read and written without a request for their data", () => {
    place.tree.write("u/old", "of the upper");
    mount();
    place.tree.write("m/new", "written");
    place.tree.append("m/old", ", longer");
    expect([place.tree.read("m/new"), place.tree.read("m/old")]).toEqual(["written", "of the upper, longer"]);
    expect([place.tree.stat("m/new").size, place.tree.stat("m/old").size]).toEqual([7, 20]);
    expect([place.tree.read("u/new"), place.tree.read("u/old")]).toEqual(["written", "of the upper, longer"]);
    expect(served()).toBe(0);
  });

  it("a lower file that is being read can be written: all go through the cache until the last is closed", () => {
    mount();
    const reader = place.tree.open("m/f", O_RDONLY);
    expect(reader.read(0, 7)).toBe("content");
    const writer = place.tree.open("m/f", O_RDWR);
    writer.write("CON", 0);
    expect([reader.read(0, 7), writer.read(0, 7)]).toEqual(["CONtent", "CONtent"]);
    expect([place.tree.read("l/f"), place.tree.read("u/f")]).toEqual(["content", "CONtent"]);
    reader.close();
    writer.close();
    place.tree.patch("m/f", 3, "TENT");
    expect(place.tree.read("m/f")).toBe("CONTENT");
    expect(served()).toBeGreaterThan(1);
  });

  it("pages from before a file was passed through are not shown later", () => {
    mount();
    expect(place.tree.read("m/f")).toBe("content");
    place.tree.chmod("m/f", 0o600);
    place.tree.patch("m/f", 0, "CONTENT");
    expect(place.tree.read("m/f")).toBe("CONTENT");
    place.tree.truncate("m/f", 3);
    expect(place.tree.read("m/f")).toBe("CON");
  });

  it("an unlinked file and one without a name go on", () => {
    mount();
    place.tree.write("m/gone", "x");
    const gone = place.tree.open("m/gone", O_RDWR);
    place.tree.unlink("m/gone");
    gone.write("still", 0);
    expect(gone.read(0, 9)).toBe("still");
    const unnamed = place.tree.openUnnamed("m", O_RDWR);
    unnamed.write("unnamed", 0);
    unnamed.linkTo(place.tree.at("m/named"));
    expect(place.tree.read("m/named")).toBe("unnamed");
  });

  it("what is append-only is opened for appending alone", () => {
    place.tree.write("u/log", "one");
    native.setxattrat(-100, place.tree.at("u/log") as never, "trusted.overlay.protattr" as never, Buffer.from("a"), 0);
    mount();
    expect(outcome(() => place.tree.open("m/log", O_WRONLY))).toBe("EPERM");
    place.tree.with("m/log", O_WRONLY | O_APPEND, (log) => log.write("two", 0));
    expect(place.tree.read("m/log")).toBe("onetwo");
  });

  it("without an upper lowers are passed through too", () => {
    mount(["--lower", "l"]);
    expect(place.tree.read("m/f")).toBe("content");
    expect(served()).toBe(0);
  });

  it("is refused with one sentence to who is not root, and with the other transport", () => {
    const asked = place.asUser(1000, '"$@" mount --lower l -o data=passthrough m');
    expect([asked.status, asked.stderr]).toEqual([1, "ovlfs: data=passthrough needs root; leave it out, the kernel's cache serves too\n"]);
    const { status, stderr } = place.ovlfs(["mount", ...USUAL, ...PASSTHROUGH, "--transport", "fuse-native", "m"]);
    expect([status, stderr]).toEqual([1, "ovlfs: data=passthrough is not supported by --transport fuse-native; leave one of them out\n"]);
  });
});
