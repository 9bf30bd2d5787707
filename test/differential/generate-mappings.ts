/** Calls on memory mappings: see mappings.ts. */
import type { Maker } from "./generate.js";

const SLOTS = [0, 1] as const;
const LENGTHS = [4096, 12_288, 69_632] as const;
const KINDS = ["rs", "rs", "ws", "ws", "rp", "wp"] as const;
const OFFSETS = [0, 0, 3, 4000, 4096, 8000, 65_530] as const;

export const mappingCalls: readonly Maker[] = [
  { weight: 4, make: (draw) => ({ name: "map", arguments: [draw.pick(SLOTS), draw.fileSlot(), draw.pick(LENGTHS), { text: draw.pick(KINDS) }] }) },
  { weight: 6, make: (draw) => ({ name: "peek", arguments: [draw.pick(SLOTS), draw.pick(OFFSETS), draw.pick([8, 90])] }) },
  { weight: 5, make: (draw) => ({ name: "poke", arguments: [draw.pick(SLOTS), draw.pick(OFFSETS), draw.pick([1, 90])] }) },
  { weight: 1, make: (draw) => ({ name: "syncMapping", arguments: [draw.pick(SLOTS)] }) },
];
