/** `ovlfs which`: the layer that provides a path, each copy that it shadows, and what decided that; as text and as data. */
import { jsonName } from "../json-name.js";
import { display } from "../sys/bytes.js";
import { S_IFREG } from "../sys/stat.js";
import { decide } from "./decision.js";
import { attributesJson, objectJson, placeJson, type Json } from "./json.js";
import type { Resolution } from "./resolve.js";
import { layerName, type Stack } from "./stack.js";
import type { FileStep, ObjectStep } from "./steps.js";
import { answerWord, describeObject, evidenceOf, placeOf, sourcesOf } from "./words.js";

type Place = Pick<ObjectStep, "layer" | "path">;

/** Whether the path leads to something. */
export function isThere({ entry, blocked, isLoop, hops }: Resolution): boolean {
  if (blocked || isLoop) return false;
  return entry ? entry.answer.kind === "found" : hops.every((hop) => hop.entry.answer.kind === "found");
}

/** As a person reads it. */
export function whichText(stack: Stack, resolution: Resolution): string {
  const { entry, path } = resolution;
  const rows: [string, string, string][] = [];
  const row = (label: string, step: Place, more = ""): void => {
    rows.push([label, layerName(step.layer), `${display(placeOf(step))}${more}`]);
  };
  const provided = isThere(resolution) ? rootOr(stack, resolution) : [];
  provided.forEach((step, i) => { row(i === 0 ? "from" : "merged", step); });
  const data = dataOf(resolution);
  if (data) row("data", data);
  for (const step of entry?.shadowed ?? []) row("shadowed", step, ` (${[describeObject(step), ...evidenceOf(stack, step)].join(", ")})`);
  const width = Math.max(...rows.map(([, layer]) => layer.length), 0);
  const lines = rows.map(([label, layer, place]) => `  ${label.padEnd(8)}  ${layer.padEnd(width)}  ${place}`);
  const facts = decide(stack, resolution).map(({ text }) => `  because   ${text}`);
  return `${display(path)}: ${headline(resolution)}\n${[...lines, ...facts].join("\n")}\n`;
}

/** What the path is, in a word or two. */
export function headline(resolution: Resolution): string {
  const { entry, blocked, isLoop } = resolution;
  if (isLoop) return "refused (ELOOP)";
  if (blocked) return blocked.answer.kind === "found" ? "not there (ENOTDIR)" : answerWord(blocked.answer);
  return entry ? answerWord(entry.answer) : "directory";
}

/** What provides the path; of the root all layers. */
function rootOr(stack: Stack, { entry }: Resolution): readonly Place[] {
  return entry ? sourcesOf(entry.objects) : stack.root().parts.filter(({ hiding }) => hiding === null);
}

/** The file with the data, where another one has the attributes. */
function dataOf({ entry, blocked }: Resolution): FileStep | null {
  if (blocked || entry?.answer.kind !== "found") return null;
  return entry.answer.data === entry.answer.provider ? null : entry.answer.data;
}

/** The same as data. */
export function whichJson(stack: Stack, resolution: Resolution): Json {
  const { entry, path } = resolution;
  const found = isThere(resolution);
  const provided = found ? rootOr(stack, resolution) : [];
  const provider = found && entry?.answer.kind === "found" ? entry.answer.provider : null;
  const data = dataOf(resolution);
  return {
    ...jsonName("path", path), found, answer: headline(resolution),
    ...(provider ? attributesJson(provider) : {}),
    from: provided.map(placeJson),
    ...(provider?.stat.type === S_IFREG ? { data: data ? placeJson(data) : null } : {}),
    shadowed: (entry?.shadowed ?? []).map((step) => objectJson(stack, step)),
    because: decide(stack, resolution).map(({ kind, by, text }) => ({ kind, ...(by ? { by: placeJson(by) } : {}), text })),
  };
}
