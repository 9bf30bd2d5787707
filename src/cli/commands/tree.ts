/** `ovlfs tree`: the merged tree, and by which layers it comes about. */
import { jsonName } from "../../json-name.js";
import { display, type Bytes } from "../../sys/bytes.js";
import { paintFor } from "../output/colours.js";
import { JsonList } from "../output/json-list.js";
import { jsonLayers, legend } from "../output/layers.js";
import { Lines } from "../output/lines.js";
import { Progress } from "../output/progress.js";
import { listTree, TreePrinter, type TreeCounts, type TreeOptions } from "../output/tree.js";
import { flag, openOverlay, OVERLAY_HELP, requirePlace, type OpenedOverlay, type Place } from "../overlay-words.js";
import { UsageError } from "../usage-error.js";

export const help = `usage: ovlfs tree [--layers] [--depth N] [--json] [PATH]
       ovlfs tree ... --lower DIR[:DIR]... [--upper DIR] [-o OPTIONS] [PATH]

Draws the merged tree below PATH.

  --layers               each entry with the layer that provides it, in that layer's colour on a terminal; which
                         others it is merged with or hides; whiteouts, opaque directories, redirects and metacopies
  --depth N              no deeper than N levels
  --json                 one JSON document, a flat list of entries

${OVERLAY_HELP}`;

export async function run(words: readonly Bytes[]): Promise<number> {
  const asked = { layers: false, depth: Infinity, json: false };
  const opened = openOverlay(words, "tree", (item, reader) => {
    switch (item.option) {
      case "--layers": asked.layers = true; return flag(item);
      case "--json": asked.json = true; return flag(item);
      case "--depth": asked.depth = depthOf(reader.value(item, "N")); return true;
      default: return false;
    }
  });
  const progress = new Progress("entries");
  try {
    const lines = new Lines(() => progress.end());
    const options = { ...asked, onStep: () => progress.step() };
    const place = requirePlace(opened);
    if (asked.json) printJson(opened, place, lines, options);
    else printTree(opened, place, lines, options);
    lines.flush();
  } finally {
    progress.end();
    opened.stack.close();
  }
  return Promise.resolve(0);
}

function depthOf(value: Bytes): number {
  if (!/^[1-9][0-9]{0,5}$/.test(value)) throw new UsageError("--depth takes a number of levels, 1 or more");
  return Number(value);
}

function printTree({ stack }: OpenedOverlay, { path, entry }: Place, lines: Lines, options: TreeOptions): void {
  const paint = paintFor(process.stdout);
  if (options.layers) for (const line of [...legend(stack.layers, paint), ""]) lines.add(line);
  const printer = new TreePrinter(lines, paint, stack.layers, options);
  printer.top(display(path), entry, stack.root());
  const directory = entry ? entry.directory() : stack.root();
  if (directory && (!entry || entry.provider?.kind === "directory")) printer.below(directory);
  lines.add("");
  lines.add(summary(printer.counts, options.layers));
}

function summary({ directories, files, whiteouts }: TreeCounts, layers: boolean): string {
  const counted = (count: number, one: string, more: string): string => `${count} ${count === 1 ? one : more}`;
  const parts = [counted(directories, "directory", "directories"), counted(files, "file", "files")];
  return [...parts, ...(layers ? [counted(whiteouts, "whiteout", "whiteouts")] : [])].join(", ");
}

function printJson({ stack }: OpenedOverlay, { path, entry }: Place, lines: Lines, options: TreeOptions): void {
  const counts: TreeCounts = { directories: 0, files: 0, whiteouts: 0 };
  const list = new JsonList(lines, { ...jsonName("path", path), layers: jsonLayers(stack.layers) }, "entries");
  const directory = entry ? entry.directory() : stack.root();
  if (directory && (!entry || entry.provider?.kind === "directory")) listTree(directory, list, options, counts);
  list.end({ ...counts });
}
