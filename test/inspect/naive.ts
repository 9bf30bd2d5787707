/**
 * The oracle for what changed: two merged trees as the kernel's overlay shows them, compared path by path; and random
 * changes to make such trees differ.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Picture, Snapshot } from "../harness/snapshot.js";
import { mustRun } from "../harness/processes.js";
import type { Sequence } from "../harness/sequence.js";
import { outcome } from "../harness/syscalls.js";
import type { Tree } from "../harness/tree.js";
import { O_APPEND, O_CREAT, O_NONBLOCK, O_TRUNC, O_WRONLY } from "../../src/sys/constants.js";

export type Letter = "A" | "C" | "D";

/** What `after` has that `before` has not or has otherwise, by path; above each change its directories. */
export function naiveChanges(before: Snapshot, after: Snapshot): Map<string, Letter> {
  const letters = new Map<string, Letter>();
  for (const [path, picture] of after) {
    const former = before.get(path);
    if (path === ".") continue;
    if (former === undefined) letters.set(path, "A");
    else if (seen(picture) !== seen(former)) letters.set(path, "C");
  }
  for (const path of before.keys()) {
    if (!after.has(path) && after.get(parentOf(path))?.type === "directory") letters.set(path, "D");
  }
  return withParents(letters);
}

/** The same with each directory that a change is in. */
export function withParents(letters: ReadonlyMap<string, Letter>): Map<string, Letter> {
  const all = new Map(letters);
  for (const path of letters.keys()) {
    for (let above = parentOf(path); above !== "."; above = parentOf(above)) if (!all.has(above)) all.set(above, "C");
  }
  return all;
}

export function parentOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : ".";
}

/** What a reader of the merged tree sees of a path, without what each mount has of its own. */
function seen(picture: Picture): string {
  return JSON.stringify(Object.entries(picture).filter(([field]) => !["ino", "atime", "nlink", "sameFileAs"].includes(field)).sort());
}

/** A read-only mount by the kernel of lowers alone; unmounted with all others of the place. */
export function mountLowers(place: string, name: string, lowers: readonly string[], options: readonly string[]): string {
  const [point, nothing] = [join(place, name), join(place, `${name}-nothing`)];
  mkdirSync(point);
  mkdirSync(nothing);
  if (lowers.length === 0) return nothing;
  // The kernel wants two lowers where there is no upper.
  const list = [...lowers, ...(lowers.length === 1 ? [nothing] : [])].join(":");
  mustRun("mount", ["-t", "overlay", "overlay", "-o", [`lowerdir=${list}`, ...options].join(","), point], { cwd: place });
  return point;
}

/** Changes names, contents and attributes in a merged tree, as far as it lets us. */
export function changeAtRandom(merged: Tree, paths: readonly string[], chance: Sequence, count: number): void {
  const known = [...paths.filter((path) => path !== ".")];
  const fresh = (): string => {
    const path = known.length === 0 || chance.below(3) === 0 ? "new" : known[chance.below(known.length)]!;
    return chance.below(2) === 0 ? path : `${path}/${chance.pick(["a", "b", "new"])}`;
  };
  const some = (): string => (known.length === 0 ? "new" : chance.pick(known));
  // Never waits for the other end of a pipe.
  const write = (path: string, flags: number, content: string): void => {
    merged.with(path, O_WRONLY | O_NONBLOCK | flags, (file) => file.write(content, 0));
  };
  const acts: readonly (() => void)[] = [
    () => write(some(), O_APPEND, "more"), () => write(fresh(), O_CREAT | O_TRUNC, `content ${chance.below(100)}`), () => merged.mkdir(fresh()),
    () => merged.unlink(some()), () => merged.removeAll(some()), () => merged.rename(some(), fresh()), () => merged.rename(some(), fresh()),
    () => merged.chmod(some(), chance.pick([0o644, 0o755, 0o700])), () => merged.chown(some(), 1001, 1002),
    () => merged.setMtime(some(), 1_000_000_000, 5), () => merged.symlink("target", fresh()), () => merged.link(some(), fresh()),
    () => merged.setXattr(some(), "user.note", String(chance.below(10))),
    () => { const path = some(); merged.removeAll(path); merged.mkdir(path); write(`${path}/new`, O_CREAT, "again"); },
  ];
  for (let i = 0; i < count; i++) {
    const before = known.length;
    outcome(chance.pick(acts));
    if (before < 200) known.push(fresh());
  }
}
