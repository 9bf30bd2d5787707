/** What a layer has under a name, as a chip in the layer's colour: filled where it is shown, an outline where it is not. */
import type { CellMessage, FileType, LayerMessage } from "../messages.js";
import { drawing, element, type Drawing } from "./elements.js";
import { sizeWords } from "./names.js";

/** So many lowers have a colour of their own; then they begin again. */
const HUES = 8;

/** The class that carries the colour of a layer. */
export function tintOf(layers: readonly LayerMessage[], position: number): string {
  const layer = layers[position];
  if (layer === undefined) return "tint-none";
  if (layer.kind !== "lower") return `tint-${layer.kind}`;
  const number = layers.slice(0, position + 1).filter(({ kind }) => kind === "lower").length;
  return `tint-lower-${((number - 1) % HUES) + 1}`;
}

export function drawingOf(type: FileType | "whiteout"): Drawing {
  switch (type) {
    case "directory": case "file": case "symlink": case "whiteout": return type;
    default: return "device";
  }
}

const shortWords: Readonly<Record<FileType | "whiteout", string>> = {
  "directory": "dir", "file": "file", "symlink": "link", "character device": "device", "block device": "device",
  "fifo": "fifo", "socket": "socket", "whiteout": "whiteout",
};

export function makeChip(cell: CellMessage, layers: readonly LayerMessage[]): HTMLElement {
  const words = cell.type === "file" && cell.size !== undefined ? sizeWords(cell.size) : shortWords[cell.type];
  const state = cell.type === "whiteout" ? "is-whiteout" : cell.shown ? "is-shown" : "is-hidden";
  const chip = element("span", `chip ${tintOf(layers, cell.layer)} ${state}`, drawing(drawingOf(cell.type)), element("span", "words", words));
  for (const mark of cell.marks) chip.append(element("span", "mark", mark));
  if (!cell.shown && cell.type !== "whiteout") chip.append(element("span", "unseen", ", not seen"));
  return chip;
}
