/**
 * The rows of merged directories: each name with what every layer has under it, as the lookup of `src/inspect` finds
 * it. It decides nothing by itself about what is seen.
 */
import { byBytes, type Entry, type FileStep, type MergedDirectory, type ObjectStep, type Stack } from "../inspect/index.js";
import { readEntries } from "../engine/real-entries.js";
import { display, type Bytes } from "../sys/bytes.js";
import { errnoName, isErrno } from "../sys/errno.js";
import { typeOf } from "../sys/object-type.js";
import type { CellMessage, RowMessage } from "./messages.js";

/** The directory at a path, walked name by name; a sentence where there is none. Symlinks are not followed. */
export function directoryAt(stack: Stack, path: readonly Bytes[]): MergedDirectory | string {
  let directory = stack.root();
  for (const name of path) {
    const entry = directory.lookUp(name);
    const below = entry.provider?.kind === "directory" ? entry.directory() : null;
    if (below === null) return `'${display(entry.path)}' is no directory now`;
    directory = below;
  }
  return directory;
}

/** The names that any layer has in a directory, in the order of their bytes. */
export function namesIn(directory: MergedDirectory): readonly Bytes[] | string {
  const names = new Set<Bytes>();
  for (const part of directory.parts) {
    const entries = readEntries(part.directory);
    if (isErrno(entries)) return `'${display(directory.path)}' cannot be read in '${display(part.layer.path)}' (${errnoName(entries)})`;
    for (const { name } of entries) names.add(name);
  }
  return [...names].sort(byBytes);
}

/** The row of an entry; null where no layer has anything. */
export function rowOf(entry: Entry): RowMessage | null {
  const { objects, answer, name } = entry;
  const cells = new Map<number, CellMessage>();
  for (const object of objects) {
    const known = cells.get(object.layer.index);
    // A redirect may lead to two objects of one layer: the one that is seen counts.
    if (known?.shown !== true) cells.set(object.layer.index, cellOf(object));
  }
  if (cells.size === 0 && answer.kind !== "refused") return null;
  return {
    name, cells: [...cells.values()],
    type: answer.kind === "found" ? typeOf(answer.provider.stat.type) : null,
    ...(answer.kind === "refused" ? { error: errnoName(answer.error) } : {}),
  };
}

function cellOf(object: ObjectStep): CellMessage {
  const shown = object.use !== "hidden";
  const layer = object.layer.index;
  if (object.kind === "whiteout") return { layer, shown, type: "whiteout", marks: [] };
  const type = typeOf(object.stat.type);
  const marks = [
    ...(object.kind === "directory" && object.opaque === "y" ? ["opaque"] : []),
    ...(object.redirect === null ? [] : ["redirect"]),
    ...(object.kind === "file" ? marksOfFile(object) : []),
  ];
  return { layer, shown, type, marks, ...(type === "file" ? { size: object.stat.size } : {}) };
}

function marksOfFile({ metacopy, use }: FileStep): string[] {
  return metacopy > 0 ? ["metacopy"] : use === "data" ? ["data"] : [];
}
