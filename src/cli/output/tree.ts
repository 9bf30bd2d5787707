/**
 * The merged tree drawn as tree(1) draws one, each entry with the layer that provides it; with whiteouts, opaque
 * directories, redirects and what each entry hides marked. Nothing of it is kept: a large tree is written as it is read.
 */
import type { Entry, MergedDirectory } from "../../inspect/merged-directory.js";
import { readTarget } from "../../inspect/resolve.js";
import { layerName, type StackLayer } from "../../inspect/stack.js";
import type { DirectoryStep, FileStep, ObjectStep, WhiteoutStep } from "../../inspect/steps.js";
import { jsonName } from "../../json-name.js";
import { display } from "../../sys/bytes.js";
import { errnoName } from "../../sys/errno.js";
import { S_IFLNK } from "../../sys/stat.js";
import { Branches, withLast } from "./branches.js";
import type { Paint } from "./colours.js";
import type { JsonList } from "./json-list.js";
import { layerWidth } from "./layers.js";
import type { Lines } from "./lines.js";
import { typeOf } from "./object-words.js";

export interface TreeCounts {
  directories: number;
  files: number;
  whiteouts: number;
}

export interface TreeOptions {
  /** Each entry with its layer, and what is not seen in the merged tree. */
  readonly layers: boolean;
  /** How many levels are shown. */
  readonly depth: number;
  readonly onStep: () => void;
}

/** What a tree shows of an entry: what is there, and with layers the whiteouts that are in force. */
function isShown(entry: Entry, layers: boolean): boolean {
  return entry.answer.kind !== "missing" || (layers && whiteoutOf(entry) !== null);
}

function whiteoutOf({ answer }: Entry): WhiteoutStep | null {
  return answer.kind === "missing" && answer.by?.cause === "whiteout" && answer.by.by.kind === "whiteout" ? answer.by.by : null;
}

function count(entry: Entry, counts: TreeCounts): void {
  if (entry.answer.kind === "missing") counts.whiteouts++;
  else if (entry.provider?.kind === "directory") counts.directories++;
  else counts.files++;
}

function directoryOf(entry: Entry): MergedDirectory | null {
  return entry.provider?.kind === "directory" ? entry.directory() : null;
}

function* shownEntries(directory: MergedDirectory, { layers, onStep }: TreeOptions): Generator<Entry> {
  for (const entry of directory.entries()) {
    onStep();
    if (isShown(entry, layers)) yield entry;
  }
}

/** All entries below a directory, parents first, each with the branches that it hangs on. */
function* walkTree(top: MergedDirectory, options: TreeOptions, counts: TreeCounts): Generator<readonly [Entry, string]> {
  const branches = new Branches();
  const open = [withLast(shownEntries(top, options))];
  for (let entries = open.at(-1); entries; entries = open.at(-1)) {
    const next = entries.next();
    if (next.done === true) {
      open.pop();
      branches.leave();
      continue;
    }
    const [entry, isLast] = next.value;
    count(entry, counts);
    yield [entry, branches.before(isLast)];
    const child = open.length < options.depth ? directoryOf(entry) : null;
    if (!child) continue;
    branches.enter(isLast);
    open.push(withLast(shownEntries(child, options)));
  }
}

/** Draws what is below a directory. */
export class TreePrinter {
  readonly counts: TreeCounts = { directories: 0, files: 0, whiteouts: 0 };
  readonly #width: number;

  constructor(private readonly lines: Lines, private readonly paint: Paint, layers: readonly StackLayer[], private readonly options: TreeOptions) {
    this.#width = layerWidth(layers);
  }

  /** What the tree begins at, without branches: an entry, or the root of the overlay. */
  top(label: string, entry: Entry | null, root: MergedDirectory): void {
    const merging = root.parts.filter(({ hiding }) => hiding === null).map(({ layer }) => layer);
    const notes = entry ? this.#notes(entry) : mergedNote(merging.slice(1));
    this.#line(entry?.provider?.layer ?? merging[0]!, "", label, entry ? linkTail(entry) : "", notes);
  }

  below(directory: MergedDirectory): void {
    for (const [entry, branch] of walkTree(directory, this.options, this.counts)) {
      const object = entry.provider ?? whiteoutOf(entry);
      const tail = entry.provider?.kind === "directory" ? "/" : linkTail(entry);
      this.#line(object?.layer ?? null, branch, display(entry.name), tail, this.#notes(entry));
    }
  }

  #line(layer: StackLayer | null, branch: string, name: string, tail: string, notes: string): void {
    if (!this.options.layers) return this.lines.add(`${branch}${name}${tail}`);
    const column = (layer ? layerName(layer) : "").padEnd(this.#width);
    const paint = (text: string): string => (layer ? this.paint.layer(layer, text) : text);
    this.lines.add(`${paint(column)}  ${this.paint.faint(branch)}${paint(name)}${tail}${notes === "" ? "" : `  ${this.paint.faint(`[${notes}]`)}`}`);
  }

  #notes(entry: Entry): string {
    return this.options.layers ? notesOf(entry).join("; ") : "";
  }
}

function linkTail({ provider }: Entry): string {
  const target = provider?.kind === "file" && provider.stat.type === S_IFLNK ? readTarget(provider) : null;
  return target === null ? "" : ` -> ${display(target)}`;
}

function mergedNote(layers: readonly StackLayer[]): string {
  return layers.length === 0 ? "" : `merged with ${layers.map(layerName).join(", ")}`;
}

/** What is to be said of an entry, a phrase each. */
function notesOf(entry: Entry): string[] {
  const { answer, provider } = entry;
  if (answer.kind === "refused") return [`unreadable: ${errnoName(answer.error)}`];
  const hidden = hides(entry.shadowed);
  const whiteout = whiteoutOf(entry);
  if (whiteout) return [`whiteout${whiteout.mark === "xattr" ? " (xattr)" : ""}, hides ${hidden === "" ? "nothing" : hidden}`];
  if (!provider) return [];
  const merged = entry.objects.filter(({ use }) => use === "merges").map(({ layer }) => layer);
  const notes = [mergedNote(merged), opaqueNote(provider, hidden), dataNote(provider, entry), redirectNote(entry.objects)];
  if (hidden !== "" && !isOpaque(provider)) notes.push(`hides ${hidden}`);
  return notes.filter((note) => note !== "");
}

function hides(objects: readonly ObjectStep[]): string {
  return [...new Set(objects.map(({ layer }) => layerName(layer)))].join(", ");
}

function isOpaque(object: DirectoryStep | FileStep): boolean {
  return object.kind === "directory" && object.opaque === "y";
}

function opaqueNote(object: DirectoryStep | FileStep, hidden: string): string {
  return isOpaque(object) ? `opaque, hides ${hidden === "" ? "nothing" : hidden}` : "";
}

function dataNote(object: DirectoryStep | FileStep, { answer }: Entry): string {
  if (object.kind !== "file" || object.metacopy === 0 || answer.kind !== "found") return "";
  return answer.data ? `metacopy, data in ${layerName(answer.data.layer)}` : "metacopy without data";
}

function redirectNote(objects: readonly ObjectStep[]): string {
  const redirect = objects.find((step) => step.kind !== "whiteout" && step.use !== "hidden" && step.redirect !== null);
  return redirect && redirect.kind !== "whiteout" && redirect.redirect !== null ? `redirect to ${display(redirect.redirect)}` : "";
}

/** The same as JSON: a flat list, in the order of the drawing. */
export function listTree(directory: MergedDirectory, list: JsonList, options: TreeOptions, counts: TreeCounts): void {
  for (const [entry] of walkTree(directory, options, counts)) list.add(toJson(entry, options.layers));
}

function toJson(entry: Entry, layers: boolean): object {
  const whiteout = whiteoutOf(entry);
  const { answer, provider, objects } = entry;
  const head = { ...jsonName("path", entry.path), type: whiteout ? "whiteout" : typeOf(entry) };
  const error = answer.kind === "refused" ? { error: errnoName(answer.error) } : {};
  if (!layers) return { ...head, ...error };
  const names = (steps: readonly ObjectStep[]): string[] => [...new Set(steps.map(({ layer }) => layerName(layer)))];
  const layer = (provider ?? whiteout)?.layer;
  const merged = names(objects.filter(({ use }) => use === "merges"));
  const hidden = names(entry.shadowed);
  const redirect = provider?.redirect ?? null;
  return {
    ...head, ...(layer ? { layer: layerName(layer) } : {}),
    ...(merged.length > 0 ? { merged } : {}), ...(hidden.length > 0 ? { hides: hidden } : {}),
    ...(provider && isOpaque(provider) ? { opaque: true } : {}),
    ...(redirect === null ? {} : jsonName("redirect", redirect)),
    ...(provider?.kind === "file" && provider.metacopy > 0 && answer.kind === "found" ? { metacopy: true, data: answer.data ? layerName(answer.data.layer) : null } : {}),
    ...error,
  };
}
