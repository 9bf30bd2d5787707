/** `ovlfs du`: how much space each layer takes, and how much of it is shadowed. */
import { layerName } from "../../inspect/index.js";
import { listShadowed } from "../../inspect/shadowed.js";
import { measureSpace, type LayerSpace } from "../../inspect/space.js";
import { jsonName } from "../../json-name.js";
import { display, type Bytes } from "../../sys/bytes.js";
import { paintFor, type Paint } from "../output/colours.js";
import { Lines } from "../output/lines.js";
import { Progress } from "../output/progress.js";
import { shadowedJson, shadowedTable } from "../output/shadowed.js";
import { humanSize } from "../output/size.js";
import { flag, openOverlay, OVERLAY_HELP, requirePlace } from "../overlay-words.js";

export const help = `usage: ovlfs du [--shadowed] [--bytes | --json] [PATH]
       ovlfs du ... --lower DIR[:DIR]... [--upper DIR] [-o OPTIONS] [PATH]

Shows the space that each layer takes at and below PATH, counted as du(1) does: blocks, a file with several names once in
each layer. What the merged tree shows of it is 'shown'; the rest is 'shadowed': covered, deleted or replaced by a layer
above, and still stored.

  --shadowed             what is shadowed, an object a line, the largest first: its size with all below it, the layer
                         that stores it, and what hides it
  --bytes                exact numbers instead of rounded ones
  --json                 one JSON document

${OVERLAY_HELP}`;

export async function run(words: readonly Bytes[]): Promise<number> {
  const asked = { shadowed: false, bytes: false, json: false };
  const opened = openOverlay(words, "du", (item) => {
    switch (item.option) {
      case "--shadowed": asked.shadowed = true; return flag(item);
      case "--bytes": asked.bytes = true; return flag(item);
      case "--json": asked.json = true; return flag(item);
      default: return false;
    }
  });
  const progress = new Progress("entries");
  try {
    const { path, entry } = requirePlace(opened);
    const onStep = (): void => progress.step();
    const space = measureSpace(opened.stack, entry, onStep);
    const shadowed = asked.shadowed ? listShadowed(opened.stack, entry, space, onStep) : null;
    progress.end();
    const lines = new Lines();
    const size = asked.bytes ? String : humanSize;
    const paint = paintFor(process.stdout);
    if (asked.json) lines.add(JSON.stringify({ ...toJson(path, space.layers), ...(shadowed ? { shadowed: shadowed.map(shadowedJson) } : {}) }, null, 2));
    else for (const line of shadowed ? shadowedTable(shadowed, size, paint) : table(space.layers, size, paint)) lines.add(line);
    lines.flush();
  } finally {
    progress.end();
    opened.stack.close();
  }
  return Promise.resolve(0);
}

const NUMBERS = ["bytes", "shown", "shadowed", "inodes", "whiteouts"] as const;
type Numbers = Readonly<Record<(typeof NUMBERS)[number], number>>;

function numbersOf({ bytes, shown: seen, inodes, whiteouts }: Numbers | LayerSpace): Numbers {
  return { bytes, shown: seen, shadowed: bytes - seen, inodes, whiteouts };
}

function totalOf(spaces: readonly LayerSpace[]): Numbers {
  const sum = (name: (typeof NUMBERS)[number]): number => spaces.reduce((total, space) => total + numbersOf(space)[name], 0);
  return { bytes: sum("bytes"), shown: sum("shown"), shadowed: sum("shadowed"), inodes: sum("inodes"), whiteouts: sum("whiteouts") };
}

function toJson(path: Bytes, spaces: readonly LayerSpace[]): object {
  const layers = spaces.map((space) => ({ layer: layerName(space.layer), ...jsonName("path", space.layer.path), ...numbersOf(space) }));
  return { ...jsonName("path", path), layers, total: totalOf(spaces) };
}

function table(spaces: readonly LayerSpace[], size: (bytes: number) => string, paint: Paint): string[] {
  const cells = (numbers: Numbers): string[] => NUMBERS.map((name, i) => (i < 3 ? size(numbers[name]) : String(numbers[name])));
  const rows = [
    { name: "layer", cells: ["used", "shown", "shadowed", "inodes", "whiteouts"], path: "path", layer: null },
    ...spaces.map((space) => ({ name: layerName(space.layer), cells: cells(numbersOf(space)), path: display(space.layer.path), layer: space.layer })),
    { name: "total", cells: cells(totalOf(spaces)), path: "", layer: null },
  ];
  const width = Math.max(...rows.map(({ name }) => name.length));
  const widths = NUMBERS.map((_, i) => Math.max(...rows.map((row) => row.cells[i]!.length)));
  return rows.map(({ name, cells: columns, path, layer }) => {
    const first = name.padEnd(width);
    const numbers = columns.map((cell, i) => cell.padStart(widths[i]!)).join("  ");
    return `${layer ? paint.layer(layer, first) : first}  ${numbers}  ${path}`.trimEnd();
  });
}
