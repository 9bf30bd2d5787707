/**
 * Acts in an order that nobody thought of, on layers that nobody thought of: each act has to end as it does in
 * the kernel's overlay, and so has the whole. The sequences are the same in every run.
 */
import { expect } from "vitest";
import { dir, file, opaque, symlink, type LayerNode, type LayerTree } from "../harness/layers.js";
import { kernel } from "../harness/mounters.js";
import { overlay } from "../harness/overlay-cases.js";
import { Sequence } from "../harness/sequence.js";
import { outcome } from "../harness/syscalls.js";
import type { Tree } from "../harness/tree.js";
import { O_EXCL, O_CREAT, O_WRONLY, RENAME_EXCHANGE, RENAME_NOREPLACE } from "../../src/sys/constants.js";

const ACTS = 400;
const SEEDS = 8;
const NAMES = ["a", "b", "c", "d"] as const;

/** A layer of up to three levels. It has no whiteouts of its own: the kernel lists one that hides nothing. */
function layer(chance: Sequence, depth: number): LayerTree {
  const entries = NAMES.filter(() => chance.below(3) > 0).map((name) => [name, node(chance, depth)] as const);
  return Object.fromEntries(entries);
}

function node(chance: Sequence, depth: number): LayerNode {
  const kind = chance.below(10);
  if (kind < 6 && depth > 0) {
    const children = layer(chance, depth - 1);
    return kind === 0 ? opaque(children) : dir(children);
  }
  if (kind < 7) return symlink(`to-${chance.below(100)}`);
  return file(`content ${chance.below(1000)}`, { mode: chance.pick([0o644, 0o600, 0o755]), xattrs: { "user.x": String(chance.below(10)) } });
}

/** A path of one to three names. */
function path(chance: Sequence): string { return Array.from({ length: 1 + chance.below(3) }, () => chance.pick(NAMES)).join("/"); }

/** What `name` is, in words that both implementations must agree on. */
function describeFile(merged: Tree, name: string): string {
  const { type, mode, size, uid, nlink } = merged.stat(name);
  return `${type} ${mode} ${uid} ${type === "directory" ? merged.list(name).join(",") : `${size} ${nlink}`}`;
}

type Act = (merged: Tree, chance: Sequence) => string;

/** An act that answers with how it ended. */
function ends(act: (merged: Tree, name: string, chance: Sequence) => unknown): Act {
  return (merged, chance) => {
    const name = path(chance);
    let answer: unknown;
    const end = outcome(() => { answer = act(merged, name, chance); });
    return `${name} ${end}${typeof answer === "string" ? ` ${answer}` : ""}`;
  };
}

const acts: Readonly<Record<string, Act>> = {
  // O_EXCL, and no plain open for writing of what may be there: the kernel copies up at open, ovlfs at the first change.
  create: ends((merged, name, chance) => { merged.with(name, O_WRONLY | O_CREAT | O_EXCL, (opened) => { opened.write(`new ${chance.below(1000)}`, 0); }); }),
  append: ends((merged, name, chance) => { merged.with(name, O_WRONLY, (opened) => { opened.write(`+${chance.below(100)}`, opened.stat().size); }); }),
  truncate: ends((merged, name, chance) => { merged.truncate(name, 1 + chance.below(20)); }),
  mkdir: ends((merged, name) => { merged.mkdir(name); }),
  symlink: ends((merged, name, chance) => { merged.symlink(`made-${chance.below(100)}`, name); }),
  unlink: ends((merged, name) => { merged.unlink(name); }),
  rmdir: ends((merged, name) => { merged.rmdir(name); }),
  removeAll: ends((merged, name) => { merged.removeAll(name); }),
  rename: ends((merged, name, chance) => { merged.rename(name, path(chance)); }),
  renameNoReplace: ends((merged, name, chance) => { merged.rename(name, path(chance), RENAME_NOREPLACE); }),
  exchange: ends((merged, name, chance) => { merged.rename(name, path(chance), RENAME_EXCHANGE); }),
  link: ends((merged, name, chance) => { merged.link(name, path(chance)); }),
  chmod: ends((merged, name, chance) => { merged.chmod(name, chance.pick([0o700, 0o751, 0o644])); }),
  chown: ends((merged, name, chance) => { merged.chown(name, chance.below(5), chance.below(5)); }),
  setXattr: ends((merged, name, chance) => { merged.setXattr(name, `user.${chance.pick(NAMES)}`, String(chance.below(100))); }),
  removeXattr: ends((merged, name) => { merged.removeXattr(name, "user.x"); }),
  describe: ends(describeFile),
  read: ends((merged, name) => merged.read(name)),
};
const names = Object.keys(acts);

/** How each act ended in the kernel's overlay, by seed. */
const byKernel = new Map<number, readonly string[]>();

overlay("acts by chance", {}, (it) => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const layers = new Sequence(seed * 1000);
    const scene = { lower: [layer(layers, 2), layer(layers, 2), layer(layers, 2)], upper: layer(layers, 2), needs: ["rename-flags"] as const };
    it(`${ACTS} acts end as the kernel's do (sequence ${seed})`, scene, ({ merged, fixture }) => {
      const chance = new Sequence(seed);
      const ended = Array.from({ length: ACTS }, (_, index) => {
        const name = chance.pick(names);
        return `${index} ${name} ${acts[name]!(merged, chance)}`;
      });
      if (fixture.mounter === kernel) byKernel.set(seed, ended);
      const wanted = byKernel.get(seed) ?? ended;
      const first = ended.findIndex((line, index) => line !== wanted[index]);
      if (first >= 0) expect(ended.slice(0, first + 1).slice(-8)).toEqual(wanted.slice(0, first + 1).slice(-8));
      expect(ended.filter((line) => line.endsWith(" done")).length).toBeGreaterThan(ACTS / 20);
    });
  }
});
