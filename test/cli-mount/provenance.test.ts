/** What a mount tells of itself as extended attributes, user.ovlfs.*: read by name, in no list, stored nowhere. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { differences, untouched } from "../harness/compare.js";
import { dir, fifo, file, symlink } from "../harness/layers.js";
import { outcome } from "../harness/syscalls.js";
import { run } from "../harness/processes.js";
import { snapshot, type Snapshot } from "../harness/snapshot.js";
import { ALICE, as } from "../harness/users.js";
import { AT_FDCWD } from "../../src/sys/constants.js";
import { native } from "../../src/sys/native.js";
import { bytes } from "../../src/sys/bytes.js";
import { Place } from "./command.js";

let place: Place;
let lowers: Snapshot[];

beforeEach(() => {
  place = new Place({
    base: dir({ etc: dir({ hosts: file("localhost\n") }), link: symlink("etc"), pipe: fifo(), marked: file("x", { xattrs: { "user.ovlfs.layer": "of old", "user.other": "kept" } }) }),
  });
  place.tree.chmod("", 0o755);
  lowers = ["l", "base"].map((name) => snapshot(place.tree.at(name)));
});
afterEach(() => {
  const changes = ["l", "base"].flatMap((name, index) => differences(snapshot(place.tree.at(name)), lowers[index]!, untouched));
  place.end();
  expect(changes).toEqual([]);
});

const LOWERS = ["--lower", "l:base", "--upper", "u", "--work", "w"] as const;

function mount(...more: string[]): void {
  expect(place.ovlfs(["mount", ...LOWERS, ...more, "m"])).toEqual({ status: 0, stdout: "", stderr: "" });
}

function value(name: string, attribute: string): string {
  return place.tree.xattr(name, `user.ovlfs.${attribute}`);
}

describe.each([["ovlfs itself", []], ["libfuse 2", ["--transport", "fuse-native"]]])("over %s", (_, transport) => {
  const words = [...transport];

  it("each file and directory tells its layer, its real path and what it was copied up from", () => {
    mount(...words);
    const at = (path: string): string => place.tree.at(path);
    expect([value("m/f", "layer"), value("m/f", "path")]).toEqual(["lower 1", at("l/f")]);
    expect([value("m/etc", "layer"), value("m/etc/hosts", "path")]).toEqual(["lower 2", at("base/etc/hosts")]);
    expect(outcome(() => value("m/etc/hosts", "origin"))).toBe("ENODATA");
    place.tree.append("m/etc/hosts", "more\n");
    expect(["layer", "path", "origin"].map((name) => value("m/etc/hosts", name)))
      .toEqual(["upper", at("u/etc/hosts"), `lower 2 ${at("base/etc/hosts")}`]);
    expect([value("m/etc", "layer"), value("m/etc", "origin")]).toEqual(["upper", `lower 2 ${at("base/etc")}`]);
    expect(place.tree.xattrs("u/etc/hosts").filter((name) => name.includes("ovlfs"))).toEqual([]);
  });

  it("the root tells the layers, the options and what was done", () => {
    mount(...words, "-o", "metacopy=on,noexec");
    const at = (path: string): string => place.tree.at(path);
    expect(["layers", "lower.0", "lower.1", "upper", "work"].map((name) => value("m", name)))
      .toEqual(["2", at("l"), at("base"), at("u"), at("w")]);
    expect(["lower.2", "lower.00", "data.0", "nothing", "toString"].map((name) => outcome(() => value("m", name)))).toEqual(Array(5).fill("ENODATA"));
    expect(outcome(() => value("m/etc", "layers"))).toBe("ENODATA");
    expect(value("m", "options").split(",")).toEqual(expect.arrayContaining(["metacopy=on", "redirect_dir=on", "noexec", "copy_up=change"]));
    place.tree.append("m/etc/hosts", "more\n");
    place.tree.unlink("m/f");
    const counts = new Map(value("m", "statistics").trim().split("\n").map((line) => line.split(" ") as [string, string]));
    expect(["copy_ups", "copied_bytes", "whiteouts"].map((name) => counts.get(name))).toEqual(["2", "10", "1"]);
    expect(Number(counts.get("inodes"))).toBeGreaterThan(0);
  });

  it("they are listed only where the mount says provenance=listed, and never set or removed", () => {
    mount(...words);
    expect([place.tree.xattrs("m"), place.tree.xattrs("m/f")]).toEqual([[], []]);
    expect(outcome(() => place.tree.setXattr("m/f", "user.ovlfs.layer", "upper"))).toBe("EOPNOTSUPP");
    expect(outcome(() => place.tree.setXattr("m/f", "user.ovlfs.mine", "x"))).toBe("EOPNOTSUPP");
    expect(outcome(() => place.tree.removeXattr("m/f", "user.ovlfs.layer"))).toBe("EOPNOTSUPP");
    expect(place.tree.exists("u/f")).toBe(false);
    expect(place.ovlfs(["umount", "m"])).toMatchObject({ status: 0 });
    mount(...words, "-o", "provenance=listed");
    expect(place.tree.xattrs("m/f")).toEqual(["user.ovlfs.layer", "user.ovlfs.path"]);
    expect(place.tree.xattrs("m")).toEqual([
      "layer", "layers", "lower.0", "lower.1", "options", "origin", "path", "statistics", "upper", "work",
    ].map((name) => `user.ovlfs.${name}`));
  });

  it("what a layer really has under such a name is neither seen nor copied up", () => {
    mount(...words);
    expect(value("m/marked", "layer")).toBe("lower 2");
    expect(place.tree.xattrs("m/marked")).toEqual(["user.other"]);
    place.tree.append("m/marked", "y");
    expect(value("m/marked", "layer")).toBe("upper");
    expect(place.tree.xattrs("u/marked").filter((name) => name.startsWith("user."))).toEqual(["user.other"]);
  });
});

it("a buffer that is too small is ERANGE, and the size can be asked for", () => {
  mount();
  const read = (size: number): number => native.getxattrat(AT_FDCWD, bytes(place.tree.at("m/f")), bytes("user.ovlfs.layer"), new Uint8Array(size));
  expect([read(0), read(6), read(7), read(100)]).toEqual([7, -34, 7, 7]);
});

it("symlinks and special files have no such attributes, as the kernel asks no file system for theirs", () => {
  mount();
  expect(["m/link", "m/pipe"].map((name) => outcome(() => value(name, "layer")))).toEqual(["ENODATA", "ENODATA"]);
});

it("who may read the file may read them, and nobody else", () => {
  place.tree.chmod("u", 0o755);
  mount();
  place.tree.write("m/private", "", 0o600);
  expect(as(ALICE, () => value("m/f", "layer"))).toBe("lower 1");
  expect(as(ALICE, () => outcome(() => value("m/private", "layer")))).toBe("EACCES");
});

it("a read-only mount without an upper tells its layers all the same", () => {
  expect(place.ovlfs(["mount", "--lower", "l:base", "m"])).toMatchObject({ status: 0 });
  expect([value("m", "layer"), value("m", "layers"), value("m/f", "layer")]).toEqual(["lower 1", "2", "lower 1"]);
  expect(["upper", "work", "origin"].map((name) => outcome(() => value("m", name)))).toEqual(["ENODATA", "ENODATA", "ENODATA"]);
  expect(value("m", "options").split(",")).toContain("ro");
});

it("an overlay over one that lists them copies none of them up", () => {
  mount("-o", "provenance=listed");
  for (const name of ["u2", "w2", "m2"]) place.tree.mkdir(name);
  expect(place.ovlfs(["mount", "--lower", "m", "--upper", "u2", "--work", "w2", "m2"])).toMatchObject({ status: 0 });
  expect(place.tree.xattrs("m2/f")).toEqual([]);
  expect(value("m2/f", "path")).toBe(place.tree.at("m/f"));
  place.tree.append("m2/f", "+");
  expect(place.tree.xattrs("u2/f").filter((name) => name.startsWith("user."))).toEqual([]);
  expect(value("m2/f", "origin")).toBe(`lower 1 ${place.tree.at("m/f")}`);
  expect(place.ovlfs(["umount", "m2"])).toMatchObject({ status: 0 });
});

it("getfattr(1) shows them by name", () => {
  mount();
  expect(run("getfattr", ["--only-values", "-n", "user.ovlfs.layer", "m/f"], { cwd: place.path })).toMatchObject({ status: 0, stdout: "lower 1" });
});
