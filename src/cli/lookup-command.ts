/** What `ovlfs which` and `ovlfs explain` have in common: their words, one path looked up, text or JSON printed. */
import { isThere, resolve, type Json, type Resolution, type Stack } from "../inspect/index.js";
import type { Bytes } from "../sys/bytes.js";
import { flag, openOverlay } from "./overlay-words.js";

/** How a command shows what was looked up. */
export interface Shown {
  readonly text: (stack: Stack, resolution: Resolution) => string;
  readonly json: (stack: Stack, resolution: Resolution) => Json;
}

/** Looks up the path that the words of the command `name` name; 0 where it leads to something, else 1. */
export function lookUpAndPrint(name: string, words: readonly Bytes[], { text, json }: Shown): number {
  const asked = { json: false };
  const { stack, path } = openOverlay(words, name, (item) => {
    if (item.option !== "--json") return false;
    return asked.json = flag(item);
  });
  try {
    const resolution = resolve(stack, path);
    process.stdout.write(asked.json ? `${JSON.stringify(json(stack, resolution), null, 2)}\n` : text(stack, resolution));
    return isThere(resolution) ? 0 : 1;
  } finally {
    stack.close();
  }
}
