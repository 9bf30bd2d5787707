/**
 * `ovlfs explain`: the lookup of a path as a story, component by component and layer by layer from the top, each with
 * what stands on disk. It only puts into words what the steps hold.
 */
import { jsonName } from "../json-name.js";
import { display, type Bytes } from "../sys/bytes.js";
import { errnoName } from "../sys/errno.js";
import { decide } from "./decision.js";
import { stepJson, type Json } from "./json.js";
import type { Entry } from "./merged-directory.js";
import type { Hop, Resolution } from "./resolve.js";
import { layerName, type Stack, type StackLayer } from "./stack.js";
import type { ObjectStep, Step } from "./steps.js";
import { answerWord, describeHiding, describeObject, describeRefusal, evidenceOf, layerNames, placeOf, sourcesOf, typeWord } from "./words.js";
import { headline, isThere, whichJson } from "./which.js";

/** As a person reads it. */
export function explainText(stack: Stack, resolution: Resolution): string {
  const parts = [
    introduction(stack, resolution),
    ...resolution.hops.map((hop, i) => hopText(stack, hop, i + 1)),
    conclusion(stack, resolution),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** The same as data. */
export function explainJson(stack: Stack, resolution: Resolution): Json {
  return {
    layers: stack.layers.map((layer) => ({ layer: layerName(layer), ...jsonName("path", layer.path) })),
    components: resolution.hops.map(({ entry, target }) => ({
      ...jsonName("path", entry.path), answer: answerWord(entry.answer), ...(target === null ? {} : jsonName("symlink", target)),
      steps: entry.steps.map((step) => stepJson(stack, step)),
    })),
    result: whichJson(stack, resolution),
  };
}

function introduction(stack: Stack, { path }: Resolution): string {
  const width = nameWidth(stack.layers);
  const { spec } = stack;
  const where = spec.merged === null ? "" : ` at '${display(spec.merged)}'`;
  const layers = stack.layers.map((layer) => `  ${layerName(layer).padEnd(width)}  ${display(layer.path)}`);
  return [`${display(path)} in the overlay${where} of ${stack.layers.length === 1 ? "one layer" : `${stack.layers.length} layers, topmost first`}:`, ...layers].join("\n");
}

function nameWidth(layers: readonly StackLayer[]): number {
  return Math.max(...layers.map((layer) => layerName(layer).length));
}

/** What a layer, or several next to each other, say to a name: in a few words, with the marks on disk, and what follows. */
export interface LayerLine {
  readonly layer: StackLayer;
  /** The lowest of those that say the same. */
  readonly last: StackLayer;
  readonly text: string;
  readonly evidence: readonly string[];
  readonly consequence: string | null;
}

type Line = Omit<LayerLine, "last">;

/** The lookup of one name, from the topmost layer down. */
export function layerLines(stack: Stack, entry: Entry): LayerLine[] {
  const lines = [...entry.steps.map((step) => stepLine(stack, entry, step)), ...notAsked(stack, entry)];
  return grouped(lines.sort((a, b) => a.layer.index - b.layer.index));
}

function hopText(stack: Stack, { entry, target }: Hop, number: number): string {
  const groups = layerLines(stack, entry).map((line) => ({ names: namesOf(line), ...line }));
  const width = Math.max(nameWidth(stack.layers), ...groups.map(({ names }) => names.length));
  const indent = " ".repeat(width + 5);
  const rows = groups.flatMap(({ names, text, evidence, consequence }) => [
    `   ${names.padEnd(width)}  ${text}`,
    ...(evidence.length > 0 ? [`${indent}On disk: ${evidence.join(", ")}.`] : []),
    ...(consequence === null ? [] : [indent + consequence]),
  ]);
  return [`${number}. ${display(entry.path)}`, ...rows, `   => ${entryResult(stack, entry, target)}`].join("\n");
}

function namesOf({ layer, last }: LayerLine): string {
  return layer === last ? layerName(layer) : `${layerName(layer)} to ${last.number}`;
}

/** Layers next to each other of which the same is said share a line. */
function grouped(lines: readonly Line[]): LayerLine[] {
  const groups: (Line & { last: StackLayer })[] = [];
  for (const line of lines) {
    const { layer, text, consequence } = line;
    const group = groups.at(-1);
    if (group?.text === text && consequence === null && group.last.index + 1 === layer.index && group.last.kind === layer.kind) group.last = layer;
    else groups.push({ ...line, last: layer });
  }
  return groups;
}

function stepLine(stack: Stack, entry: Entry, step: Step): Line {
  const { layer } = step;
  if (step.kind === "failed") return { layer, text: `'${display(placeOf(step))}' cannot be read (${errnoName(step.error)})`, evidence: [], consequence: null };
  if (step.kind === "nothing") return { layer, text: isPlain(entry, step) ? "nothing" : `nothing at '${display(step.path)}'`, evidence: [], consequence: null };
  return {
    layer, text: `${describeObject(step)}: ${display(placeOf(step))}`,
    evidence: evidenceOf(stack, step), consequence: consequenceOf(stack, entry, step),
  };
}

/** Whether the step is about the very name of the entry in one of the parts of its directory. */
function isPlain(entry: Entry, step: Step): boolean {
  return entry.parent.parts.some((part) => part.layer === step.layer && step.path === `${part.path}/${entry.name}`);
}

const INDEX_COPY = "In the index, under the handle of the lower file: the copy that another of its names was given. With index=on it stands for all of them.";

/** What follows from an object. */
function consequenceOf(stack: Stack, entry: Entry, step: ObjectStep): string {
  switch (step.use) {
    case "ends": return "The name is deleted. A whiteout ends the search.";
    case "passes": return step.kind === "directory" ? "On the way of the redirect." : "Another metacopy: the data is further below.";
    case "data": return "It gives the data.";
    case "hidden": return step.hiding ? `Not seen: hidden by ${describeHiding(stack, step.hiding)}.` : "No directory, so the way of the redirect ends here.";
    case "merges": return `Merged below the others.${below(entry, step)}`;
    case "provides": return step.layer === stack.indexPlace ? INDEX_COPY : provides(entry, step);
  }
}

function provides(entry: Entry, step: ObjectStep): string {
  if (step.kind === "directory") return `The topmost: owner, mode and times are from here.${below(entry, step)}`;
  if (step.kind === "file" && step.metacopy > 0) {
    return `A metacopy: owner, mode and times are from here, the data is further below.${redirected(step.redirect)}`;
  }
  return `The topmost with this name. A ${typeWord(step.stat)} ends the search.`;
}

/** What a directory says of the layers below it. */
function below(entry: Entry, step: ObjectStep): string {
  if (step.kind !== "directory") return "";
  if (step.opaque === "y") return " It is opaque: nothing below it counts.";
  const whiteouts = step.opaque === "x" ? " Empty files in it may be whiteouts." : "";
  return entry.answer.kind === "refused" ? whiteouts : `${whiteouts}${redirected(step.redirect)}`;
}

function redirected(redirect: Bytes | null): string {
  if (redirect === null) return "";
  const where = redirect.startsWith("/") ? `at '${display(redirect)}', from the root of each layer` : `under the name '${display(redirect)}'`;
  return ` The layers below are asked for it ${where}.`;
}

/** The layers that no step is about, and why. */
function notAsked(stack: Stack, entry: Entry): Line[] {
  const spoken = new Set(entry.steps.map(({ layer }) => layer));
  const parent = entry.parent.path === "" ? "/" : display(entry.parent.path);
  return stack.layers.filter((layer) => layer.kind !== "data" && !spoken.has(layer)).map((layer): Line => {
    const part = entry.parent.parts.find((each) => each.layer === layer);
    const why = !part ? `it has no directory for '${parent}'`
      : part.hiding ? `its '${parent}' is not seen, and has nothing there`
        : "the search has ended, and it has nothing there";
    return { layer, text: `not asked: ${why}`, evidence: [], consequence: null };
  });
}

/** What a name is in the merged tree, in a few words; `target` where it is a symlink that was followed. */
export function entryResult(stack: Stack, entry: Entry, target: Bytes | null): string {
  const { answer } = entry;
  if (answer.kind === "missing") return answer.by ? "not there: deleted" : "not there";
  if (answer.kind === "refused") return `refused (${errnoName(answer.error)}): ${describeRefusal(stack, answer.reason)}`;
  if (answer.provider.kind === "file") {
    const link = target === null ? "" : `; the path goes on at '${display(target)}'${target.startsWith("/") ? ", from the root of the overlay" : ""}`;
    return `the ${typeWord(answer.provider.stat)} of ${layerName(answer.provider.layer)}${link}`;
  }
  const layers = sourcesOf(entry.objects).map(({ layer }) => layer);
  return layers.length === 1 ? `the directory of ${layerName(layers[0]!)} alone` : `a directory, merged of ${layerNames(layers)}`;
}

function conclusion(stack: Stack, resolution: Resolution): string {
  const facts = decide(stack, resolution).map(({ text }) => text).join("; ");
  const answer = isThere(resolution) ? "there" : headline(resolution);
  return `${display(resolution.path)} is ${answer}: ${facts}.`;
}
