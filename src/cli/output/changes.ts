/** How changes are shown: as lines in the manner of `docker diff`, as a tree, as JSON. */
import type { Change, ChangeKind } from "../../inspect/changes.js";
import type { Entry } from "../../inspect/merged-directory.js";
import { layerName, type StackLayer } from "../../inspect/stack.js";
import type { Hiding } from "../../inspect/steps.js";
import { diffFiles, type TextDiff } from "../../inspect/text-diff.js";
import { jsonName } from "../../json-name.js";
import { errnoName } from "../../sys/errno.js";
import { S_IFREG } from "../../sys/stat.js";
import { bytes, display, toBuffer, type Bytes } from "../../sys/bytes.js";
import { Branches, withLast } from "./branches.js";
import type { Paint } from "./colours.js";
import { JsonList } from "./json-list.js";
import type { Lines } from "./lines.js";
import { typeOf } from "./object-words.js";

const LETTERS = { added: "A", modified: "C", deleted: "D" } as const;

function letter(kind: ChangeKind, paint: Paint): string {
  return paint[kind](LETTERS[kind]);
}

/** `C /etc/hosts`, a line each; with `content` what changed in texts follows. */
export function printChangeLines(changes: Iterable<Change>, lines: Lines, paint: Paint, content: boolean): void {
  for (const change of changes) {
    lines.add(`${letter(change.kind, paint)} ${display(change.path)}`);
    const diff = content ? contentDiff(change) : null;
    if (diff) printDiff(diff, change.path, lines);
  }
}

function contentDiff({ kind, path, now, before }: Change): TextDiff | null {
  const [data, former] = [now, before].map((entry) => (entry?.answer.kind === "found" ? entry.answer.data : null));
  if (kind !== "modified" || data?.stat.type !== S_IFREG || former?.stat.type !== S_IFREG) return null;
  return diffFiles(former, data, [bytes(`a${display(path)}`), bytes(`b${display(path)}`)]);
}

function printDiff(diff: TextDiff, path: Bytes, lines: Lines): void {
  switch (diff.kind) {
    case "same": return;
    case "text": return lines.addRaw(toBuffer(diff.diff));
    case "binary": return lines.add(`Binary files a${display(path)} and b${display(path)} differ`);
    case "large": return lines.add(`Files a${display(path)} and b${display(path)} are too large to compare`);
    case "unreadable": return lines.add(`Files a${display(path)} and b${display(path)} can't be read by this user`);
  }
}

/** One document, an entry for each change. `originalLayer` gives a layer its number in the whole overlay. */
export function printChangeJson(changes: Iterable<Change>, lines: Lines, layer: StackLayer, content: boolean, originalLayer: (layer: StackLayer) => StackLayer): void {
  const list = new JsonList(lines, { layer: layerName(layer), ...jsonName("layerPath", layer.path) }, "changes");
  for (const change of changes) list.add(toJson(change, content, originalLayer));
  list.end();
}

function toJson(change: Change, content: boolean, originalLayer: (layer: StackLayer) => StackLayer): object {
  const { kind, path, now, before, aspects } = change;
  const seen = kind === "deleted" ? before : now;
  const diff = content ? contentDiff(change) : null;
  const cause = kind === "deleted" && now ? causeOf(now) : null;
  return {
    kind, ...jsonName("path", path), type: typeOf(seen),
    ...(seen?.provider ? { layer: layerName(originalLayer(seen.provider.layer)) } : {}),
    ...(kind === "modified" ? { changed: aspects } : {}),
    ...(kind === "modified" && typeOf(before) !== typeOf(now) ? { was: typeOf(before) } : {}),
    ...(cause === null ? {} : { by: cause }),
    ...(seen?.answer.kind === "refused" ? { error: errnoName(seen.answer.error) } : {}),
    ...(diff ? { content: diff.kind, ...(diff.kind === "text" ? { diff: toBuffer(diff.diff).toString("utf8") } : {}) } : {}),
  };
}

/** Why a name is not seen: what ended its lookup, or what hides the directory that it is in. */
function causeOf({ answer, objects }: Entry): Hiding["cause"] | null {
  const ending = answer.kind === "missing" ? answer.by : null;
  return (ending ?? objects.find((object) => object.hiding !== null)?.hiding)?.cause ?? null;
}

/** A directory of the tree of changes. */
interface Node {
  readonly change: Change | null;
  readonly children: Map<Bytes, Node>;
}

/** The changes as a tree; `top` is the path that it begins at. */
export function printChangeTree(changes: Iterable<Change>, lines: Lines, paint: Paint, top: Bytes): void {
  const root: Node = { change: null, children: new Map() };
  for (const change of changes) insert(root, change);
  const start = descend(root, top);
  lines.add(start.change ? label(start.change, top, paint) : display(top));
  printChildren(start, lines, paint);
}

function insert(root: Node, change: Change): void {
  const names = change.path.slice(1).split("/") as Bytes[];
  let node = root;
  names.forEach((name, i) => {
    let child = node.children.get(name);
    if (!child) {
      child = { change: i === names.length - 1 ? change : null, children: new Map() };
      node.children.set(name, child);
    }
    node = child;
  });
}

function descend(root: Node, path: Bytes): Node {
  let node = root;
  for (const name of path.split("/") as Bytes[]) if (name !== "") node = node.children.get(name) ?? node;
  return node;
}

function printChildren(top: Node, lines: Lines, paint: Paint): void {
  const branches = new Branches();
  const open = [withLast(top.children)];
  for (let children = open.at(-1); children; children = open.at(-1)) {
    const next = children.next();
    if (next.done === true) {
      open.pop();
      branches.leave();
      continue;
    }
    const [[name, child], isLast] = next.value;
    lines.add(branches.before(isLast) + (child.change ? label(child.change, name, paint) : display(name)));
    branches.enter(isLast);
    open.push(withLast(child.children));
  }
}

function label({ kind, now, before, aspects }: Change, name: Bytes, paint: Paint): string {
  const seen = kind === "deleted" ? before : now;
  const slash = typeOf(seen) === "directory" && name !== "/" ? "/" : "";
  const was = aspects.includes("type") ? `was a ${typeOf(before)}` : aspects.join(", ");
  const isCopy = kind === "modified" && aspects.length === 0 && typeOf(now) !== "directory";
  const note = kind !== "modified" ? "" : isCopy ? "copied up unchanged" : was;
  return `${letter(kind, paint)} ${display(name)}${slash}${note === "" ? "" : paint.faint(` (${note})`)}`;
}
