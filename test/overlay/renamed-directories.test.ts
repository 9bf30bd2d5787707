/** Renaming directories that have a part in a lower: with redirect_dir=on; and what becomes of redirects with nofollow. */
import { basename } from "node:path";
import { expect } from "vitest";
import { dir, file, opaque, whiteout, type LayerTree } from "../harness/layers.js";
import { overlay, type CaseView } from "../harness/overlay-cases.js";
import { outcome } from "../harness/syscalls.js";
import type { Tree } from "../harness/tree.js";
import { RENAME_EXCHANGE, RENAME_NOREPLACE } from "../../src/sys/constants.js";

const REDIRECT = "trusted.overlay.redirect";

/** Where a case's own directory lies, seen from the root of the layers. */
function absolute({ merged }: CaseView, path: string): string { return `/${basename(merged.path)}/${path}`; }

function redirectOf(upper: Tree, name: string): string { return upper.xattr(name, REDIRECT); }

function isWhiteout(upper: Tree, name: string): boolean { return upper.stat(name).device === "0,0"; }

const old: LayerTree = { old: dir({ f: file("content"), s: dir({ g: file("deep") }) }), other: dir({ o: file() }) };

overlay("renaming directories with redirect_dir=on", { options: ["redirect_dir=on"] }, (it) => {
  it("a lower directory renamed in its parent is redirected to its old name", { lower: old }, ({ merged, upper }) => {
    const inode = merged.stat("old").ino;
    merged.rename("old", "new");
    expect(merged.list()).toEqual(["new", "other"]);
    expect(merged.list("new")).toEqual(["f", "s"]);
    expect(merged.read("new/s/g")).toBe("deep");
    expect(merged.stat("new").ino).toBe(inode);
    expect(redirectOf(upper, "new")).toBe("old");
    expect(upper.list("new")).toEqual([]);
    expect(isWhiteout(upper, "old")).toBe(true);
  });

  it("one moved to another directory is redirected by its path from the root", { lower: old }, (view) => {
    const { merged, upper } = view;
    merged.rename("old", "other/moved");
    expect(merged.list()).toEqual(["other"]);
    expect(merged.list("other")).toEqual(["moved", "o"]);
    expect(merged.read("other/moved/f")).toBe("content");
    expect(redirectOf(upper, "other/moved")).toBe(absolute(view, "old"));
  });

  it("a merged directory takes its upper part along", { lower: old, upper: { old: dir({ up: file("up"), f: whiteout() }) } }, ({ merged, upper }) => {
    merged.rename("old", "new");
    expect(merged.list("new")).toEqual(["s", "up"]);
    expect(upper.list("new")).toEqual(["f", "up"]);
    expect(redirectOf(upper, "new")).toBe("old");
  });

  it("the redirect keeps to the first name through a second rename", { lower: old }, ({ merged, upper }) => {
    merged.rename("old", "new");
    merged.rename("new", "newer");
    expect(merged.list()).toEqual(["newer", "other"]);
    expect(merged.read("newer/f")).toBe("content");
    expect(redirectOf(upper, "newer")).toBe("old");
    expect(upper.list()).toEqual(["newer", "old"]);
  });

  it("a directory renamed there and back is where it was", { lower: old }, ({ merged }) => {
    merged.rename("old", "new");
    merged.rename("new", "old");
    expect(merged.list()).toEqual(["old", "other"]);
    expect(merged.list("old")).toEqual(["f", "s"]);
  });

  it("moved out and in again, and into what was moved itself", { lower: old }, ({ merged }) => {
    merged.rename("old", "other/a");
    merged.rename("other/a", "b");
    merged.rename("other", "b/s/c");
    expect(merged.list()).toEqual(["b"]);
    expect(merged.list("b/s")).toEqual(["c", "g"]);
    expect(merged.list("b/s/c")).toEqual(["o"]);
    expect(merged.read("b/f")).toBe("content");
  });

  it("a directory below a renamed one is renamed too", { lower: old }, (view) => {
    const { merged, upper } = view;
    merged.rename("old", "new");
    merged.rename("new/s", "new/t");
    merged.rename("new/t", "u");
    expect(merged.list("new")).toEqual(["f"]);
    expect(merged.read("u/g")).toBe("deep");
    expect(redirectOf(upper, "u")).toBe(absolute(view, "old/s"));
  });

  it("what is below a renamed directory is changed and deleted under its new name", { lower: old }, ({ merged, upper, lower }) => {
    merged.rename("old", "new");
    merged.append("new/f", "!");
    merged.unlink("new/s/g");
    merged.create("new/s/made");
    expect(upper.read("new/f")).toBe("content!");
    expect(isWhiteout(upper, "new/s/g")).toBe(true);
    expect(lower.read("old/f")).toBe("content");
    expect(merged.list("new/s")).toEqual(["made"]);
  });

  it("a renamed directory that is emptied can be removed", { lower: old }, ({ merged, upper }) => {
    merged.rename("old", "new");
    merged.removeAll("new");
    expect(merged.list()).toEqual(["other"]);
    expect(upper.list()).toEqual(["old"]);
  });

  it("a name given free by a rename is taken by a new directory, which does not merge", { lower: old }, ({ merged, upper }) => {
    merged.rename("old", "new");
    merged.mkdir("old");
    expect(merged.list("old")).toEqual([]);
    expect(merged.list("new")).toEqual(["f", "s"]);
    expect(upper.xattr("old", "trusted.overlay.opaque")).toBe("y");
  });

  it("a directory renamed to a deleted name does not merge with what was there", { lower: old }, ({ merged }) => {
    merged.removeAll("other");
    merged.rename("old", "other");
    expect(merged.list()).toEqual(["other"]);
    expect(merged.list("other")).toEqual(["f", "s"]);
  });

  it("a lower directory replaces an empty one of a lower", { lower: { ...old, empty: dir() } }, ({ merged }) => {
    expect(outcome(() => merged.rename("old", "other"))).toBe("ENOTEMPTY");
    merged.rename("old", "empty");
    expect(merged.list()).toEqual(["empty", "other"]);
    expect(merged.list("empty")).toEqual(["f", "s"]);
  });

  it("EXCHANGE swaps two lower directories, and a directory and a file", { needs: ["rename-flags"], lower: { ...old, file: file("x") } }, ({ merged }) => {
    merged.rename("old", "other", RENAME_EXCHANGE);
    expect(merged.list("old")).toEqual(["o"]);
    expect(merged.list("other")).toEqual(["f", "s"]);
    merged.rename("other/s", "file", RENAME_EXCHANGE);
    expect(merged.read("other/s")).toBe("x");
    expect(merged.list("file")).toEqual(["g"]);
    expect(outcome(() => merged.rename("file", "other", RENAME_NOREPLACE))).toBe("EEXIST");
  });

  it("a directory over several lowers keeps them all", { lower: [{ old: dir({ a: file("1") }) }, { old: dir({ b: file("2") }) }, { old: dir({ a: file("3"), c: file("3") }) }] }, ({ merged }) => {
    merged.rename("old", "new");
    expect(merged.list("new")).toEqual(["a", "b", "c"]);
    expect(merged.read("new/a")).toBe("1");
  });

  it("a directory whose lower is itself redirected leads on", { lower: [{ mid: dir({ m: file() }, { xattrs: { [REDIRECT]: "low" } }), low: whiteout() }, { low: dir({ l: file() }) }] }, ({ merged, upper }) => {
    expect(merged.list("mid")).toEqual(["l", "m"]);
    merged.rename("mid", "top");
    expect(merged.list("top")).toEqual(["l", "m"]);
    expect(redirectOf(upper, "top")).toBe("mid");
  });

  it("an upper directory and an opaque one are renamed without a redirect", { lower: old, upper: { old: opaque({ u: file() }) } }, ({ merged, upper }) => {
    merged.mkdir("made");
    merged.rename("made", "made2");
    merged.rename("old", "new");
    expect(merged.list("new")).toEqual(["u"]);
    expect(upper.xattrs("new")).not.toContain(REDIRECT);
    expect(upper.xattrs("made2")).not.toContain(REDIRECT);
  });

  it("names that are long, not UTF-8 or have newlines come through a redirect",
    { needs: ["raw-names"], lower: { ["n".repeat(255)]: dir({ a: file() }), "caf\xe9\n": dir({ b: file() }), "#1": dir({ c: file() }), ".wh.x": dir({ d: file() }) } }, ({ merged, upper }) => {
      merged.rename("n".repeat(255), "m".repeat(255));
      merged.rename("caf\xe9\n", "tea\xff\n");
      merged.rename("#1", "#2");
      merged.rename(".wh.x", ".wh.y");
      expect(redirectOf(upper, "m".repeat(255))).toBe("n".repeat(255));
      expect(redirectOf(upper, "tea\xff\n")).toBe("caf\xe9\n");
      expect([merged.list("m".repeat(255)), merged.list("tea\xff\n"), merged.list("#2"), merged.list(".wh.y")]).toEqual([["a"], ["b"], ["c"], ["d"]]);
    });

  it("a move whose redirect would be longer than 256 bytes is refused with EXDEV, a rename in the parent is not",
    { lower: { ["p".repeat(200)]: dir({ ["q".repeat(100)]: dir({ f: file() }) }), to: dir() } }, ({ merged }) => {
      const long = `${"p".repeat(200)}/${"q".repeat(100)}`;
      expect(outcome(() => merged.rename(long, "to/x"))).toBe("EXDEV");
      merged.rename(long, `${"p".repeat(200)}/short`);
      expect(merged.list(`${"p".repeat(200)}/short`)).toEqual(["f"]);
      expect(merged.list("to")).toEqual([]);
    });

  it("what was renamed is so after a remount", { lower: old }, ({ merged, remount }) => {
    merged.rename("old", "other/new");
    merged.rename("other", "third");
    remount();
    expect(merged.list()).toEqual(["third"]);
    expect(merged.list("third")).toEqual(["new", "o"]);
    expect(merged.read("third/new/s/g")).toBe("deep");
  });
});

overlay("redirects with redirect_dir=follow", { options: ["redirect_dir=follow"] }, (it) => {
  it("follow: redirects are followed and none is made", { lower: old, upper: { new: dir({}, { xattrs: { [REDIRECT]: "old" } }), old: whiteout() } }, ({ merged }) => {
    expect(merged.list("new")).toEqual(["f", "s"]);
    expect(outcome(() => merged.rename("new", "newer"))).toBe("EXDEV");
    expect(outcome(() => merged.rename("other", "another"))).toBe("EXDEV");
  });
});

overlay("redirects with redirect_dir=nofollow", { options: ["redirect_dir=nofollow"], noInterop: "what is refused can't be compared by a walk" }, (it) => {
  it("nofollow: a redirected directory is refused with EPERM, and none is made", { lower: old, ownWay: "a walk stops at what is refused", upper: { new: dir({}, { xattrs: { [REDIRECT]: "old" } }) } }, ({ merged, upper }) => {
    expect(outcome(() => merged.stat("new"))).toBe("EPERM");
    expect(outcome(() => merged.list("new"))).toBe("EPERM");
    expect(outcome(() => merged.rename("other", "another"))).toBe("EXDEV");
    upper.rmdir("new");
  });
});
