/**
 * `ovlfs diff`: what the upper of an overlay changes against the lowers, or any layer against those below it; as
 * `docker diff` prints it, as a tree, or as JSON.
 */
import { changesIn, changesOf, type Change, type OnStep } from "../../inspect/changes.js";
import { layerName, type Entry, type MergedDirectory, type Stack, type StackLayer } from "../../inspect/index.js";
import { display, type Bytes } from "../../sys/bytes.js";
import { printChangeJson, printChangeLines, printChangeTree } from "../output/changes.js";
import { paintFor } from "../output/colours.js";
import { Lines } from "../output/lines.js";
import { Progress } from "../output/progress.js";
import { flag, followed, openOverlay, OVERLAY_HELP, type OpenedOverlay } from "../overlay-words.js";
import { UsageError } from "../usage-error.js";

export const help = `usage: ovlfs diff [--tree | --json] [--content] [--layer LAYER] [PATH]
       ovlfs diff ... --lower DIR[:DIR]... [--upper DIR] [-o OPTIONS] [PATH]

Shows what the upper layer adds (A), changes (C) and deletes (D) against the lowers, below PATH. As 'docker diff' does,
it lists what is new with all below it, what was deleted by its topmost name only, and as changed each directory in which
something changed.

  --layer LAYER          what that layer changes against those below it: 'upper', or the number of a lower, 1 being
                         the topmost
  --tree                 as a tree, with what differs
  --content              for changed text files the lines that differ, as 'diff -u' prints them
  --json                 one JSON document

${OVERLAY_HELP}`;

interface Asked {
  form: "lines" | "tree" | "json";
  content: boolean;
  layer: Bytes | undefined;
}

export async function run(words: readonly Bytes[]): Promise<number> {
  const asked: Asked = { form: "lines", content: false, layer: undefined };
  const opened = openOverlay(words, "diff", (item, reader) => {
    switch (item.option) {
      case "--tree": case "--json": setForm(asked, item.option === "--tree" ? "tree" : "json"); return flag(item);
      case "--content": asked.content = true; return flag(item);
      case "--layer": asked.layer = reader.value(item, "LAYER"); return true;
      default: return false;
    }
  });
  try {
    if (asked.content && asked.form === "tree") throw new UsageError("--content has no place in a tree; leave out --content or --tree");
    print(opened, asked, chooseLayer(opened.stack, asked.layer));
  } finally {
    opened.stack.close();
  }
  return Promise.resolve(0);
}

function setForm(asked: Asked, form: "tree" | "json"): void {
  if (asked.form !== "lines" && asked.form !== form) throw new UsageError("--tree and --json are two forms of one answer; give one of them");
  asked.form = form;
}

function chooseLayer({ layers, lowers }: Stack, asked: Bytes | undefined): StackLayer {
  const upper = layers.find(({ kind }) => kind === "upper");
  if (asked === undefined) {
    if (upper) return upper;
    throw new UsageError("the overlay has no upper, so nothing is changed in it; 'ovlfs diff --layer 1' shows what its topmost lower changes");
  }
  const found = asked === "upper" ? upper : /^[1-9][0-9]*$/.test(asked) ? lowers[Number(asked) - 1] : undefined;
  if (found) return found;
  const there = lowers.length === 1 ? "1" : `1 to ${lowers.length}`;
  throw new UsageError(`there is no layer '${display(asked)}'; give ${upper ? `'upper' or ` : ""}the number of a lower, ${there}`);
}

function print(opened: OpenedOverlay, { form, content }: Asked, layer: StackLayer): void {
  const { stack } = opened;
  const progress = new Progress("entries");
  const lines = new Lines(() => progress.end());
  const now = stack.from(layer.index);
  const { path, changes } = changesBelow(opened, now, stack.from(layer.index + 1), () => progress.step());
  const paint = paintFor(process.stdout);
  try {
    switch (form) {
      case "lines": printChangeLines(changes, lines, paint, content); break;
      case "tree": printChangeTree(changes, lines, paint, path); break;
      case "json": printChangeJson(changes, lines, layer, content, (other) => stack.layers.find(({ root }) => root === other.root) ?? other); break;
    }
    lines.flush();
  } finally {
    progress.end();
  }
}

interface Below {
  readonly path: Bytes;
  readonly changes: Iterable<Change>;
}

/** The changes of a path and of all below it. */
function changesBelow(opened: OpenedOverlay, now: Stack, before: Stack, onStep: OnStep): Below {
  const { path, entry } = followed(opened, now);
  if (path === "/") return { path, changes: changesIn(now.root(), before.root(), onStep) };
  const former = entryAt(before.root(), path);
  const isAnywhere = [entry, former].some((one) => one !== null && one.answer.kind !== "missing");
  if (!isAnywhere) throw new UsageError(`'${display(opened.asked)}' is neither in the overlay nor in the layers below ${layerName(now.layers[0]!)}`);
  return { path, changes: changesOf(entry, former, onStep) };
}

/** What is at a path without symlinks. */
function entryAt(root: MergedDirectory, path: Bytes): Entry | null {
  let directory: MergedDirectory | null = root;
  let entry: Entry | null = null;
  for (const name of path.slice(1).split("/") as Bytes[]) {
    if (!directory) return null;
    entry = directory.lookUp(name);
    directory = entry.provider?.kind === "directory" ? entry.directory() : null;
  }
  return entry;
}
