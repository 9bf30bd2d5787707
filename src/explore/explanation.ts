/** How the overlay comes to what it shows under a name, in the words of `ovlfs explain`, for the last step of the way. */
import { decide, entryResult, layerLines, resolve, type Stack } from "../inspect/index.js";
import type { Bytes } from "../sys/bytes.js";
import type { ExplanationMessage } from "./messages.js";

/** Explains a path from the root of the merged tree. */
export function explain(stack: Stack, path: Bytes): ExplanationMessage {
  const resolution = resolve(stack, path);
  const facts = decide(stack, resolution);
  const because = facts.map(({ text }) => text).join("; ");
  const { entry } = resolution;
  if (entry === null) return { answer: sentence(because), steps: [] };
  // That directories are merged says already what the name is.
  const isSaid = facts.some(({ kind }) => kind === "merged");
  return {
    answer: sentence(isSaid ? because : `${entryResult(stack, entry, null)}; ${because}`),
    steps: layerLines(stack, entry).map(({ layer, last, text, evidence, consequence }) => ({
      layer: layer.index, last: last.index, text: sentence(text), evidence, consequence,
    })),
  };
}

function sentence(words: string): string {
  const text = `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
  return /[.:]$/.test(text) ? text : `${text}.`;
}
