/** What `ovlfs trace` shows of a mount: each thing once, in the order in which it happens, in the words of OverlayFS. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { differences, untouched } from "../harness/compare.js";
import { dir, file, symlink } from "../harness/layers.js";
import { snapshot, type Snapshot } from "../harness/snapshot.js";
import { RENAME_EXCHANGE } from "../../src/sys/constants.js";
import { Place } from "../cli-mount/command.js";
import { tracing } from "./tracer.js";

let place: Place;
let before: Snapshot;

beforeEach(() => {
  place = new Place({
    base: dir({
      etc: dir({ hosts: file("x".repeat(174)), link: symlink("hosts") }), tmp: dir({ x: file("x") }), var: dir({ cache: dir({ old: file("y") }) }),
      a: dir({ in: file("z") }), odd: dir({ "\xff": file("?"), "two\nlines": file("2") }),
    }),
  });
  before = snapshot(place.tree.at("base"));
});
afterEach(() => {
  const changes = differences(snapshot(place.tree.at("base")), before, untouched);
  place.end();
  expect(changes).toEqual([]);
});

function mount(...words: string[]): void {
  expect(place.ovlfs(["mount", "--lower", "l:base", "--upper", "u", "--work", "w", ...words, "m"])).toEqual({ status: 0, stdout: "", stderr: "" });
}

function umount(): void {
  expect(place.ovlfs(["umount", "m"])).toMatchObject({ status: 0, stderr: "" });
}

/** What a trace shows of what `act` does. */
async function shown(words: readonly string[], act: () => void): Promise<readonly string[]> {
  const trace = await tracing(place, ...words, "m");
  act();
  umount();
  const { status, lines, stderr } = await trace.ended();
  expect({ status, stderr }).toEqual({ status: 0, stderr: "tracing m\n" });
  return lines.map((line) => line.replace(place.path, "PLACE"));
}

describe("ovlfs trace", () => {
  it("tells of a copy-up whence it comes, and of parents first", async () => {
    mount();
    expect(await shown(["--only", "copy-up,write"], () => {
      place.tree.append("m/etc/hosts", "more");
      place.tree.chown("m/etc/link", 1, 1);
    })).toEqual([
      "copy-up etc from lower 2 (PLACE/base)", "copy-up etc/hosts from lower 2 (PLACE/base) 174 B", expect.stringMatching(/^write etc\/hosts \d+ B at \d+$/),
      "copy-up etc/link from lower 2 (PLACE/base)",
    ]);
  });

  it("tells of removals, the whiteouts that they leave, and opaque directories", async () => {
    mount();
    expect(await shown([], () => {
      place.tree.unlink("m/tmp/x");
      place.tree.unlink("m/var/cache/old");
      place.tree.rmdir("m/var/cache");
      place.tree.mkdir("m/var/cache");
    })).toEqual([
      "copy-up tmp from lower 2 (PLACE/base)", "whiteout tmp/x", "remove tmp/x",
      "copy-up var from lower 2 (PLACE/base)", "copy-up var/cache from lower 2 (PLACE/base)", "whiteout var/cache/old", "remove var/cache/old",
      "whiteout var/cache", "remove var/cache (directory)",
      "lookup miss var/cache (whiteout)", "opaque var/cache", "create var/cache (directory)",
    ]);
  });

  it("tells of a lower directory that is renamed, and of its redirect", async () => {
    mount("-o", "redirect_dir=on");
    expect(await shown([], () => {
      place.tree.rename("m/a", "m/b");
      place.tree.rename("m/b/in", "m/b/out");
    })).toEqual([
      "lookup miss b", "copy-up a from lower 2 (PLACE/base)", "redirect a -> b", "whiteout a", "rename a -> b",
      "lookup miss b/out", "copy-up b/in from lower 2 (PLACE/base) 1 B", "whiteout b/in", "rename b/in -> b/out",
    ]);
  });

  it("tells of what is made, linked, exchanged and changed", async () => {
    mount();
    expect(await shown(["--only", "create,remove,link,rename,metadata"], () => {
      place.tree.symlink("target", "m/s");
      place.tree.mknod("m/pipe", "fifo");
      place.tree.link("m/pipe", "m/other");
      place.tree.rename("m/s", "m/pipe", RENAME_EXCHANGE);
      place.tree.chmod("m/other", 0o600);
      place.tree.chown("m/other", 1, 2);
      place.tree.setXattr("m/f", "user.x", "y");
      place.tree.removeXattr("m/f", "user.x");
      place.tree.unlink("m/other");
    })).toEqual([
      "create s (symlink to target)", "create pipe (fifo)", "link pipe -> other", "exchange s <-> pipe",
      "metadata other mode 600", "metadata other owner 1:2", "metadata f xattr user.x", "metadata f no xattr user.x", "remove other (fifo)",
    ]);
  });

  it("tells that a metacopy has attributes only, and when its data follows", async () => {
    mount("-o", "metacopy=on");
    expect(await shown(["--only", "copy-up"], () => {
      place.tree.chmod("m/etc/hosts", 0o600);
      place.tree.append("m/etc/hosts", "more");
    })).toEqual([
      "copy-up etc from lower 2 (PLACE/base)", "copy-up etc/hosts from lower 2 (PLACE/base) attributes only",
      "copy-up etc/hosts from lower 2 (PLACE/base) 174 B, the data of a metacopy",
    ]);
  });

  it("shows of names that are not text, or would break the line, each such byte", async () => {
    mount();
    expect(await shown(["--only", "whiteout"], () => {
      place.tree.unlink("m/odd/\xff");
      place.tree.unlink("m/odd/two\nlines");
    })).toEqual(["whiteout odd/\\xff", "whiteout odd/two\\x0alines"]);
  });

  it("--path shows what is about a path and below it, under its old or its new name", async () => {
    mount();
    expect(await shown(["--path", "/etc/", "--only", "create,rename"], () => {
      place.tree.mkdir("m/etcetera");
      place.tree.write("m/etc/new", "");
      place.tree.rename("m/etc/new", "m/new");
      place.tree.rename("m/new", "m/etcetera/new");
    })).toEqual(["create etc/new", "rename etc/new -> new"]);
  });

  it("--time gives each line the time", async () => {
    mount();
    const [line] = await shown(["--time", "--only", "create"], () => place.tree.mkdir("m/d"));
    expect(line).toMatch(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z create d \(directory\)$/);
  });

  it("--json gives an object on each line, with the bytes of a name that is not text", async () => {
    mount();
    const lines = await shown(["--json", "--only", "copy-up,whiteout"], () => place.tree.unlink("m/odd/\xff"));
    const events = lines.map((line) => JSON.parse(line) as { readonly time: string; readonly pid: number });
    expect(events).toEqual([
      { time: expect.any(String) as string, pid: process.pid, kind: "copy-up", path: "odd", type: "directory", from: { kind: "lower", number: 2, path: "PLACE/base" }, part: "all", bytes: 0 },
      { time: expect.any(String) as string, pid: process.pid, kind: "whiteout", path: "odd/\\xff", pathBase64: Buffer.from("odd/\xff", "latin1").toString("base64") },
    ]);
    expect(Math.abs(Date.parse(events[0]!.time) - Date.now())).toBeLessThan(60_000);
  });

  it("sees the lookups of a read-only mount, where no xattr could be set", async () => {
    expect(place.ovlfs(["mount", "--lower", "l:base", "m"])).toMatchObject({ status: 0 });
    expect(await shown([], () => {
      place.tree.exists("m/nothing");
      place.tree.exists("m/etc/nothing");
    })).toEqual(["lookup miss nothing", "lookup miss etc/nothing"]);
  });
});

describe("ovlfs mount --trace", () => {
  it("=FILE writes all that happens from the start to a file, with the time", () => {
    mount("--trace=events");
    place.tree.unlink("m/f");
    umount();
    const lines = place.tree.read("events").trimEnd().split("\n");
    expect(lines.map((line) => line.replace(/^\S+Z /, ""))).toEqual(["whiteout f", "remove f"]);
    expect(place.ovlfs(["mount", "--lower", "l", "--trace=missing/events", "m"])).toEqual({
      status: 1, stdout: "", stderr: "ovlfs: the file of --trace 'missing/events' cannot be opened: ENOENT; name one that can be written\n",
    });
  });

  it("without FILE writes it to the log, over libfuse 2 too", () => {
    mount("-o", "trace", "--log", "log", "--transport", "fuse-native");
    place.tree.unlink("m/f");
    umount();
    expect(place.tree.read("log")).toMatch(/Z whiteout f\n.*Z remove f\n/);
  });
});
