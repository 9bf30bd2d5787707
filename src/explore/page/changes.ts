/**
 * What happened to a name, told from what the layers had under it before and have after. Only the upper can have
 * changed. It is how the page knows what to move, and all that there is to tell where nobody reports events.
 */
import type { CellMessage, LayerMessage, RowMessage } from "../messages.js";

export type Verb = "copy-up" | "whiteout" | "create" | "remove" | "opaque" | "redirect" | "metacopy" | "write";

export interface Change {
  readonly verb: Verb;
  /** Position of the layer that a copy came from. */
  readonly from?: number;
  readonly cell?: CellMessage;
}

/** The change of a row, if there is one that shows. */
export function changeOf(layers: readonly LayerMessage[], before: RowMessage | null, after: RowMessage | null): Change | null {
  const upper = layers.findIndex(({ kind }) => kind === "upper");
  const had = cellOf(before, upper);
  const has = cellOf(after, upper);
  if (has === undefined) return had === undefined ? null : { verb: "remove" };
  if (had === undefined || (had.type === "whiteout") !== (has.type === "whiteout")) return appeared(before, has);
  for (const mark of ["opaque", "redirect", "metacopy"] as const) {
    if (has.marks.includes(mark) && !had.marks.includes(mark)) return { verb: mark, cell: has };
  }
  return JSON.stringify(had) === JSON.stringify(has) ? null : { verb: "write", cell: has };
}

function appeared(before: RowMessage | null, cell: CellMessage): Change {
  if (cell.type === "whiteout") return { verb: "whiteout", cell };
  const source = before?.cells.find(({ shown, type }) => shown && type !== "whiteout");
  // A file over a lower's is its copy, unless the lower's was of another type or not to be seen.
  if (source !== undefined && source.type === cell.type) return { verb: "copy-up", from: source.layer, cell };
  return { verb: "create", cell };
}

function cellOf(row: RowMessage | null, layer: number): CellMessage | undefined {
  return row?.cells.find((cell) => cell.layer === layer);
}

/** A change in words, as the mount would tell it. */
export function changeWords({ verb, from, cell }: Change, layers: readonly LayerMessage[], name: string, size: string): string {
  switch (verb) {
    case "copy-up": return `${name} from ${layers[from ?? 0]?.label ?? ""}${size === "" ? "" : ` ${size}`}`;
    case "create": return `${name}${cell?.marks.includes("opaque") === true ? ", opaque" : ""}`;
    default: return name;
  }
}
