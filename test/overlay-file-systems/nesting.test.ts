/**
 * Overlays in overlays, two and three deep, the kernel's and ovlfs in every order: the topmost gives the view,
 * the answers and the upper that the kernel gives for the same layers stored on a plain file system.
 * Source: Documentation/filesystems/overlayfs.rst, "Nesting overlayfs mounts".
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { differences, sameRun, type View } from "../harness/compare.js";
import { dir, file, hardLink, opaque, symlink, whiteout, type LayerNode } from "../harness/layers.js";
import { kernel, mounters, ovlfs, type Mounter } from "../harness/mounters.js";
import { snapshot, type Picture, type Snapshot } from "../harness/snapshot.js";
import { outcome } from "../harness/syscalls.js";
import type { Tree } from "../harness/tree.js";
import { Nest, withUserXattrs, type Lowers } from "./nest.js";
import { O_RDWR, RENAME_EXCHANGE } from "../../src/sys/constants.js";

const REDIRECT = "trusted.overlay.redirect";

/** The topmost overlay's lowers, with each kind of mark. */
const LOWERS: Lowers = [
  dir({
    d: dir({ top: file("top"), both: file("top both"), gone: whiteout(), s: dir({ t: file("t") }), o: opaque({ only: file("only") }) }),
    moved: dir({ more: file("more") }, { xattrs: { [REDIRECT]: "old" } }),
    old: whiteout(), rootgone: whiteout(), empty: file(""), note: file("x", { xattrs: { "user.note": "n", "trusted.note": "t" } }),
  }),
  dir({
    d: dir({ low: file("low"), both: file("low both"), gone: file("gone"), s: dir({ b: file("b") }), o: dir({ not: file("not") }), l: symlink("low"), h: file("linked"), h2: hardLink("h") }),
    old: dir({ content: file("content of old"), in: dir({ deep: file("deep") }) }), rootgone: file(), deletable: file("x"), tree: dir({ a: dir({ b: file("b") }) }),
  }),
];

/** What is done at the top; each act answers with what it saw. */
const ACTS: readonly ((merged: Tree) => unknown)[] = [
  (merged) => merged.list(), (merged) => merged.list("d"), (merged) => merged.list("d/s"), (merged) => merged.list("d/o"), (merged) => merged.list("moved"),
  (merged) => ["d/top", "d/both", "d/low", "d/o/only", "moved/content", "moved/in/deep", "empty"].map((name) => merged.read(name)),
  (merged) => [merged.xattrs("d"), merged.xattrs("moved"), merged.xattrs("note"), merged.xattrs("d/o"), merged.readlink("d/l")],
  (merged) => merged.stat("d/gone"), (merged) => merged.stat("rootgone"), (merged) => merged.stat("d/o/not"), (merged) => merged.stat("old"),
  (merged) => { merged.append("d/low", "!"); }, (merged) => { merged.append("moved/content", "!"); }, (merged) => { merged.append("d/h", "!"); },
  (merged) => merged.read("d/h2"), (merged) => { merged.unlink("d/top"); }, (merged) => { merged.unlink("deletable"); }, (merged) => { merged.removeAll("tree"); },
  (merged) => { merged.write("d/gone", "again"); }, (merged) => { merged.mkdir("rootgone"); }, (merged) => { merged.mkdir("tree"); },
  (merged) => { merged.rename("d/both", "d/renamed"); }, (merged) => { merged.rename("d/low", "tree/low"); }, (merged) => { merged.rename("d/o/only", "d/renamed", RENAME_EXCHANGE); },
  (merged) => { merged.rename("d/s", "s"); }, (merged) => { merged.link("note", "note2"); }, (merged) => { merged.setXattr("d/s/t", "trusted.overlay.opaque", "y"); },
  (merged) => { merged.mknod("white", "character", 0o644, 0, 0); }, (merged) => merged.xattr("d/s/t", "trusted.overlay.opaque"),
  (merged) => { merged.with("d/new", O_RDWR | 0o100, (opened) => { opened.write("new", 0); }); }, (merged) => { merged.chown("d/l", 3, 4); },
  (merged) => merged.list(), (merged) => merged.list("d"), (merged) => merged.read("d/renamed"), (merged) => merged.stat("note2").nlink,
];

const OPTIONS: readonly (readonly string[])[] = [["redirect_dir=on"], ["metacopy=on", "redirect_dir=on"], ["index=on"], ["xino=on"], ["userxattr"], ["redirect_dir=nofollow"]];

/** Where redirects are not followed, each object with one is refused with EPERM. */
function withoutRedirects(node: LayerNode): LayerNode {
  if (node.kind !== "directory") return node;
  const { moved, ...others } = node.children;
  return { ...node, children: moved === undefined ? others : { ...others, moved: dir({ more: file("more") }) } };
}

/** The marks of userxattr under the usual names. */
function asTrusted(picture: Picture): Picture {
  return Object.fromEntries(Object.entries(picture).map(([field, value]) => [field.replace("xattr user.overlay.", "xattr trusted.overlay."), value]));
}

interface Ended {
  readonly answers: readonly string[];
  readonly merged: Snapshot;
  readonly upper: Snapshot;
}

function act(merged: Tree): string[] {
  return ACTS.map((one, index) => {
    let answer: unknown;
    const ended = outcome(() => { answer = one(merged); });
    return `${index} ${ended} ${JSON.stringify(answer, (_, value: unknown) => (typeof value === "bigint" ? "number" : value))}`;
  });
}

/** Copies up some of what a level stores for the next one, marks and whiteouts among it. */
function copyUpStored(merged: Tree): void {
  for (const name of ["l0/d", "l0/d/both", "l1/d/low", "l0/moved", "l0/d/o"]) if (merged.exists(name)) merged.chmod(name, Number.parseInt(merged.stat(name).mode, 8));
  // A redirect at this level, where it writes them.
  if (outcome(() => { merged.rename("l1/tree", "l1/elsewhere"); }) === "done") merged.rename("l1/elsewhere", "l1/tree");
  merged.write("beside", "what is written between");
}

function runNest(nest: Nest): Ended {
  const top = nest.order.length - 1;
  for (let level = 0; level <= top; level++) {
    nest.mount(level);
    if (level < top) copyUpStored(nest.merged(level));
  }
  const answers = act(nest.merged(top));
  const merged = snapshot(nest.merged(top).path);
  nest.unmount(top);
  nest.mount(top);
  // Which names are one file the kernel's numbers do not tell over several file systems.
  const hidden = nest.order[top] === kernel ? { sameFileAs: "" } : {};
  expect(differences(snapshot(nest.merged(top).path), merged, (picture) => ({ ...picture, atime: "", ino: "", ...hidden }))).toEqual([]);
  for (let level = top; level >= 0; level--) nest.unmount(level);
  return { answers, merged, upper: snapshot(nest.upper(top).path) };
}

function orders(depth: number): Mounter[][] {
  if (depth === 0) return [[]];
  return orders(depth - 1).flatMap((order) => [kernel, ovlfs].map((mounter) => [...order, mounter]));
}

const reason = mounters.includes(kernel) && mounters.includes(ovlfs) ? kernel.unavailable() ?? ovlfs.unavailable() : "both the kernel and ovlfs have to be among the mounters";

describe.skipIf(reason !== null)("overlays in overlays", () => {
  const start = Math.floor(Date.now() / 1000) - 1;
  let plain: Ended;
  let nest: Nest | null = null;
  // Over an overlay, whether a moved file still counts as copied up (impure) rests on what is in the kernel's caches.
  const view: View = (picture, path) => ({ ...sameRun(start, new Set())(asTrusted(picture), path), sameFileAs: "", "xattr trusted.overlay.impure": "" });

  beforeAll(() => {
    const flat = new Nest([kernel], LOWERS);
    try {
      plain = runNest(flat);
    } finally {
      flat.end();
    }
  });
  afterAll(() => { nest?.end(); });

  for (const order of [...orders(2), ...orders(3)]) {
    const title = order.map(({ name }) => name).join(", on it ");
    it(`${title}: the topmost gives what the kernel gives for plain layers`, () => {
      nest = new Nest(order, LOWERS);
      try {
        if (order.length > 2 && order.every((mounter) => mounter === kernel)) {
          // FILESYSTEM_MAX_STACK_DEPTH: the kernel stacks two overlays at most; where one of three is ovlfs, the third is allowed.
          nest.mount(0);
          nest.mount(1);
          expect(() => { nest!.mount(2); }).toThrow();
          return;
        }
        const ended = runNest(nest);
        expect(ended.answers).toEqual(plain.answers);
        expect(differences(ended.merged, plain.merged, view)).toEqual([]);
        expect(differences(ended.upper, plain.upper, view)).toEqual([]);
      } finally {
        nest.end();
        nest = null;
      }
    });
  }

  for (const options of OPTIONS) {
    for (const below of [kernel, ovlfs]) {
      it(`ovlfs gives what the kernel gives, on layers stored in one of ${below.name}, both with ${options.join()}`, () => {
        const followed: Lowers = options.includes("userxattr") || options.includes("redirect_dir=nofollow") ? [withoutRedirects(LOWERS[0]), LOWERS[1]] : LOWERS;
        const lowers: Lowers = options.includes("userxattr") ? [withUserXattrs(followed[0]), withUserXattrs(followed[1])] : followed;
        const [theirs, ours] = [kernel, ovlfs].map((top) => {
          // An index names lower files by their handles, which those of an ovlfs mount are only with nfs_export.
          nest = new Nest([below, top], lowers, options, options.includes("index=on") && below === ovlfs ? ["nfs_export=on"] : []);
          try {
            return runNest(nest);
          } finally {
            nest.end();
            nest = null;
          }
        });
        expect(ours!.answers).toEqual(theirs!.answers);
        expect(differences(ours!.merged, theirs!.merged, view)).toEqual([]);
        expect(differences(ours!.upper, theirs!.upper, view)).toEqual([]);
      });
    }
  }
});
