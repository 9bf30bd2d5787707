/**
 * Names: any bytes but `/` and NUL, up to 255 of them, at any depth; what looks special (`#1`, `.wh.x`) is a name
 * like any other in the merged tree. Paths: as long as the kernel takes them, and redirects as long as it writes them.
 */
import { expect } from "vitest";
import { dir, file, type LayerNode, type LayerTree } from "../harness/layers.js";
import { kernel } from "../harness/mounters.js";
import { overlay, type Collect } from "../harness/overlay-cases.js";
import { outcome } from "../harness/syscalls.js";
import type { Tree } from "../harness/tree.js";
import { RENAME_EXCHANGE, RENAME_NOREPLACE } from "../../src/sys/constants.js";

const NAME_MAX = 255;
const LONGEST = "n".repeat(NAME_MAX);
/** The longest name, in bytes that are not UTF-8. */
const RAW = "\xff\xfe".repeat(127) + "\x80";
const DEPTH = 10;
/** The length of the name that a case's own directory has (see overlay-cases.ts): number, dash and 32 bytes. */
const CASE_DIRECTORY = 35;

const odd: Readonly<Record<string, string>> = {
  "not UTF-8": "caf\xe9\xff", "half of a UTF-8 sequence": "\xe2\x82", "a newline": "two\nlines", "a number sign": "#1", "the work directory's names": "work",
  "an OCI whiteout": ".wh.f", "an OCI opaque mark": ".wh..wh..opq", "three dots": "...", "blanks": "  ", "a control character": "\x01\x7f", "a backslash": "a\\b",
  "a colon and a comma": "a:b,c=d", "an option": "--upper", "a percent sign": "%2f%00", "a single byte": "\x80", "an overlay xattr": "trusted.overlay.opaque",
};

/** Directories of the longest name in one another, with `bottom` in the last. */
function deep(bottom: LayerTree, depth = DEPTH): LayerTree { return depth === 0 ? bottom : { [LONGEST]: dir(deep(bottom, depth - 1)) }; }

const DEEP = Array.from({ length: DEPTH }, () => LONGEST).join("/");

/** Each way to give or use a name. */
function uses(tree: Tree, name: string, other: string): readonly (() => unknown)[] {
  return [
    () => tree.stat(name), () => tree.read(name), () => { tree.create(name); }, () => { tree.mkdir(name); }, () => { tree.symlink("t", name); },
    () => { tree.mknod(name, "fifo"); }, () => { tree.link(other, name); }, () => { tree.link(name, "to"); }, () => { tree.rename(other, name); }, () => { tree.rename(name, "to"); },
    () => { tree.rename(other, name, RENAME_NOREPLACE); }, () => { tree.rename(other, name, RENAME_EXCHANGE); }, () => { tree.unlink(name); }, () => { tree.rmdir(name); },
    () => { tree.chmod(name, 0o600); }, () => tree.readlink(name), () => tree.xattr(name, "user.x"), () => { tree.setXattr(name, "user.x", "y"); }, () => { tree.touch(name); },
  ];
}

/** A life of one name: from the lower, changed, moved, deleted, made anew. */
function live(merged: Tree, upper: Tree, name: string): void {
  expect(merged.read(`d/${name}`)).toBe("lower");
  expect(merged.list("d")).toEqual([name, "other"].sort());
  merged.append(`d/${name}`, "!");
  merged.setXattr(`d/${name}`, "user.x", name.slice(0, 100));
  expect(upper.read(`d/${name}`)).toBe("lower!");
  merged.rename(`d/${name}`, "d/moved");
  expect(upper.stat(`d/${name}`).device).toBe("0,0");
  expect(outcome(() => merged.stat(`d/${name}`))).toBe("ENOENT");
  merged.rename("d/moved", `d/${name}`);
  merged.rename(`d/${name}`, "d/other", RENAME_EXCHANGE);
  expect(merged.read(`d/${name}`)).toBe("other");
  merged.unlink(`d/${name}`);
  expect(merged.list("d")).toEqual(["other"]);
  merged.mkdir(`d/${name}`);
  merged.symlink(name, `d/${name}/${name}`);
  expect(merged.readlink(`d/${name}/${name}`)).toBe(name);
  expect(upper.xattr(`d/${name}`, "trusted.overlay.opaque")).toBe("y");
  merged.removeAll(`d/${name}`);
  expect(upper.stat(`d/${name}`).device).toBe("0,0");
  merged.write(`d/${name}`, "made");
  merged.link(`d/${name}`, `d/${name.slice(0, -1)}~`);
  expect(merged.list("d").length).toBe(3);
  expect(merged.entries("d").find((entry) => entry.name === name)!.ino).toBe(merged.stat(`d/${name}`).ino);
}

overlay("path names", {}, (it) => {
  for (const [what, name] of Object.entries({ ...odd, "255 bytes": LONGEST, "255 bytes that are not UTF-8": RAW })) {
    it(`a name of ${what} is one like any other`, { needs: ["raw-names", "rename-flags"], lower: { d: dir({ [name]: file("lower"), other: file("other") }) } },
      ({ merged, upper }) => { live(merged, upper, name); });
  }

  it("names of 255 bytes work at any depth", { needs: ["rename-flags"], lower: deep({ d: dir({ [LONGEST]: file("lower"), other: file("other") }) }) }, ({ merged, upper }) => {
    live(merged.in(DEEP), upper.in(DEEP), LONGEST);
  });

  it("a longer name is ENAMETOOLONG for each call, at any depth", { needs: ["rename-flags"], lower: { f: file("x"), ...deep({ f: file("x"), d: dir() }) } }, ({ merged, upper }) => {
    for (const at of ["", DEEP]) {
      const tree = merged.in(at);
      for (const name of ["n".repeat(NAME_MAX + 1), "\xff".repeat(NAME_MAX + 1), "n".repeat(3000 - at.length)]) {
        const acts = uses(tree, name, "f");
        expect(acts.map(outcome)).toEqual(acts.map(() => "ENAMETOOLONG"));
        expect(outcome(() => tree.stat(`${name}/x`))).toBe("ENAMETOOLONG");
      }
    }
    expect(upper.exists(LONGEST)).toBe(false);
  });

  it("a path has at most 4,095 bytes", { lower: { d: dir({ f: file("x") }) } }, ({ merged }) => {
    const room = 4095 - merged.at("").length - "/d/f".length;
    const filled = (length: number): string => `${"./".repeat(Math.floor(length / 2))}${length % 2 === 1 ? "/" : ""}`;
    expect(merged.read(`${filled(room)}d/f`)).toBe("x");
    expect(outcome(() => merged.read(`${filled(room + 1)}d/f`))).toBe("ENAMETOOLONG");
    expect(outcome(() => { merged.symlink("t".repeat(4095), "l"); })).toBe("done");
    expect(merged.readlink("l").length).toBe(4095);
    expect(outcome(() => { merged.symlink("t".repeat(4096), "l2"); })).toBe("ENAMETOOLONG");
  });
});

overlay("path names of directories that are moved", { options: ["redirect_dir=on"] }, (it) => {
  for (const [what, name] of Object.entries({ ...odd, "255 bytes": LONGEST, "255 bytes that are not UTF-8": RAW })) {
    it(`a directory named ${what} is moved in its parent, and elsewhere`, { needs: ["raw-names"], lower: { a: dir({ [name]: dir({ f: file("f") }) }), b: dir({ x: file() }) } }, (view) => {
      const { merged } = view;
      merged.rename(`a/${name}`, "a/moved");
      expect(merged.read("a/moved/f")).toBe("f");
      // A redirect that leads elsewhere is a path from the root of the layers, which here is longer than the kernel writes.
      const elsewhere = outcome(() => { merged.rename("a/moved", `b/${name}`); });
      const place = elsewhere === "done" ? `b/${name}` : "a/moved";
      expect(elsewhere).toBe(name.length === NAME_MAX ? "EXDEV" : "done");
      view.remount();
      expect(merged.list(place)).toEqual(["f"]);
      merged.append(`${place}/f`, "!");
      expect(merged.read(`${place}/f`)).toBe("f!");
    });
  }

  for (const length of [200, 254, 255, 256, 257, 258, 290]) redirectCase(it, length, dir({ f: file("f") }), "/f");
});

overlay("path names of metacopies that are moved", { options: ["redirect_dir=on", "metacopy=on"] }, (it) => {
  for (const length of [200, 255, 256, 257, 290]) redirectCase(it, length, file("content of some length"), "");
});

/** How each move ended in the kernel's overlay, by the kind of what was moved and the length of its path. */
const byKernel = new Map<string, string>();

/** A move of something whose path from the root of the layers has `length` bytes, the leading slash among them. */
function redirectCase(it: Collect, length: number, node: LayerNode, content: string): void {
  const rest = length - "/".length - CASE_DIRECTORY - "/p/".length;
  const name = "n".repeat(rest);
  it(`what has a path of ${length} bytes is moved elsewhere where the kernel does it`, { lower: { p: dir({ [name]: node }), q: dir({ x: file() }) } }, (view) => {
    const { merged, fixture } = view;
    expect(merged.at(`p/${name}`).length - fixture.merged.path.length).toBe(length);
    merged.chmod(`p/${name}`, 0o700);
    const before = merged.read(`p/${name}${content}`);
    const ended = outcome(() => { merged.rename(`p/${name}`, "q/moved"); });
    const key = `${node.kind} ${length}`;
    if (fixture.mounter === kernel) byKernel.set(key, ended);
    expect(ended).toBe(byKernel.get(key) ?? ended);
    if (node.kind === "directory") expect(ended).toBe(length <= 256 ? "done" : "EXDEV");
    view.remount();
    expect(merged.read(`${ended === "done" ? "q/moved" : `p/${name}`}${content}`)).toBe(before);
  });
}
