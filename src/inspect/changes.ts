/**
 * What changed between two stacks, the whole one and its layers below the topmost: each entry that one of the two
 * merged trees has and the other has not or has otherwise. Only what the upper stack has on top is walked: directories
 * made of the same parts are the same tree. That is enough for all but opaque and redirected directories, of which both
 * sides are listed.
 *
 * As in `docker diff`: what is new is listed with all below it, what was deleted only by its topmost name, and a
 * directory in which something changed is itself modified.
 */
import type { Bytes } from "../sys/bytes.js";
import { differingAspects, type Aspect } from "./aspects.js";
import { byBytes, namesOf, type Entry, type MergedDirectory, type Part } from "./merged-directory.js";

export type ChangeKind = "added" | "modified" | "deleted";

export interface Change {
  readonly kind: ChangeKind;
  /** From the root of the merged tree, beginning with a slash. */
  readonly path: Bytes;
  /** As it is now; of something deleted what says so, null where no layer has anything there. */
  readonly now: Entry | null;
  /** As it was; null of something added. */
  readonly before: Entry | null;
  /** In what something modified differs, apart from what is in it; of a file that was only copied up nothing. */
  readonly aspects: readonly Aspect[];
}

/** Called for each name that is looked at. */
export type OnStep = () => void;

/** All changes in a directory, parents before children, names in the order of bytes. */
export function changesIn(now: MergedDirectory, before: MergedDirectory | null, onStep: OnStep): Generator<Change> {
  return walk(pairs(now, before), onStep);
}

/** The changes of one name and of all below it. */
export function changesOf(now: Entry | null, before: Entry | null, onStep: OnStep): Generator<Change> {
  return walk([[now, before] as const].values(), onStep);
}

type Pair = readonly [now: Entry | null, before: Entry | null];

/** A directory that is being walked. */
interface Frame {
  readonly pairs: Iterator<Pair>;
  /** It is itself changed if anything in it is, which is not known yet. */
  pending: Change | null;
}

/** Without recursion, since directories may be deeper than a stack of calls. */
function* walk(first: Iterator<Pair>, onStep: OnStep): Generator<Change> {
  const frames: Frame[] = [{ pairs: first, pending: null }];
  for (let frame = frames.at(-1); frame; frame = frames.at(-1)) {
    const next = frame.pairs.next();
    if (next.done === true) {
      frames.pop();
      continue;
    }
    onStep();
    const { change, isCertain, inner } = compare(...next.value);
    if (isCertain) {
      yield* takePending(frames);
      yield change!;
    }
    if (inner) frames.push({ pairs: pairs(...inner), pending: isCertain ? null : change });
  }
}

function* takePending(frames: readonly Frame[]): Generator<Change> {
  for (const frame of frames) {
    if (frame.pending) yield frame.pending;
    frame.pending = null;
  }
}

/** What is to be said of a name, and the directories to go on with. */
interface Comparison {
  readonly change: Change | null;
  /** The change is one whatever is below. */
  readonly isCertain: boolean;
  readonly inner: readonly [MergedDirectory, MergedDirectory | null] | null;
}

const UNCHANGED: Comparison = { change: null, isCertain: false, inner: null };

function compare(now: Entry | null, before: Entry | null): Comparison {
  const isThere = isPresent(now);
  const wasThere = isPresent(before);
  if (isThere && wasThere) return difference(now, before);
  if (isThere) {
    const directory = seenDirectory(now);
    return certain({ kind: "added", path: now.path, now, before: null, aspects: [] }, directory && [directory, null]);
  }
  return wasThere ? certain({ kind: "deleted", path: before.path, now, before, aspects: [] }, null) : UNCHANGED;
}

function certain(change: Change, inner: Comparison["inner"]): Comparison {
  return { change, isCertain: true, inner };
}

function difference(now: Entry, before: Entry): Comparison {
  const directory = seenDirectory(now);
  const former = seenDirectory(before);
  const isSame = isSameObject(now, before);
  const aspects = isSame || !now.provider || !before.provider ? [] : differingAspects(now.provider, before.provider);
  const change: Change = { kind: "modified", path: now.path, now, before, aspects };
  if (directory && former) return { change, isCertain: aspects.length > 0, inner: [directory, former] };
  return isSame ? UNCHANGED : certain(change, directory && [directory, null]);
}

/** The names that may differ, as they are and as they were. */
function* pairs(now: MergedDirectory, before: MergedDirectory | null): Generator<Pair> {
  if (!before) {
    for (const entry of now.entries()) yield [entry, null];
    return;
  }
  const parts = seenParts(now);
  const former = seenParts(before);
  if (areSame(parts, former)) return;
  const top = parts[0];
  if (top && areSame(parts.slice(1), former)) {
    for (const name of namesOf(top).sort(byBytes)) yield [now.lookUp(name), before.lookUp(name)];
    return;
  }
  const there = new Map(now.entries().map((entry) => [entry.name, entry]));
  const wasThere = new Map(before.entries().map((entry) => [entry.name, entry]));
  for (const name of [...new Set([...there.keys(), ...wasThere.keys()])].sort(byBytes)) {
    yield [there.get(name) ?? null, wasThere.get(name) ?? null];
  }
}

/** Whether the merged tree has the name: also where looking it up is refused, since it is listed then. */
function isPresent(entry: Entry | null): entry is Entry {
  return entry !== null && entry.answer.kind !== "missing";
}

function seenDirectory(entry: Entry): MergedDirectory | null {
  return entry.provider?.kind === "directory" ? entry.directory() : null;
}

function seenParts(directory: MergedDirectory): Part[] {
  return directory.parts.filter((part) => part.hiding === null);
}

function areSame(parts: readonly Part[], others: readonly Part[]): boolean {
  return parts.length === others.length && parts.every((part, i) => isSamePlace(part, others[i]!));
}

/** The two stacks share their open layers, so a layer is known by its root. */
function isSamePlace(a: Pick<Part, "layer" | "path">, b: Pick<Part, "layer" | "path">): boolean {
  return a.layer.root === b.layer.root && a.path === b.path;
}

/** Whether both are one object of one layer, or are refused alike. */
function isSameObject(now: Entry, before: Entry): boolean {
  if (now.provider && before.provider) return isSamePlace(now.provider, before.provider);
  return now.answer.kind === "refused" && before.answer.kind === "refused" && now.answer.error === before.answer.error;
}
