/** What `ovlfs which` and `ovlfs explain` have in common: their words, one path looked up, text or JSON printed. */
import { isThere, resolve, Stack, type Json, type Resolution } from "../inspect/index.js";
import type { Bytes } from "../sys/bytes.js";
import { display } from "../sys/bytes.js";
import { TargetWords } from "./target-words.js";
import { UsageError } from "./usage-error.js";
import { noValue, unknownOption, WordReader } from "./word-reader.js";

/** How a command shows what was looked up. */
export interface Shown {
  readonly text: (stack: Stack, resolution: Resolution) => string;
  readonly json: (stack: Stack, resolution: Resolution) => Json;
}

/** Looks up the one path that the words of the command `name` name; 0 where it leads to something, else 1. */
export function lookUpAndPrint(name: string, words: readonly Bytes[], { text, json }: Shown): number {
  const { target, path, asJson } = readWords(name, words);
  const found = target.find(path);
  const stack = Stack.open(found.spec);
  try {
    const resolution = resolve(stack, found.path);
    process.stdout.write(asJson ? `${JSON.stringify(json(stack, resolution), null, 2)}\n` : text(stack, resolution));
    return isThere(resolution) ? 0 : 1;
  } finally {
    stack.close();
  }
}

function readWords(name: string, words: readonly Bytes[]): { target: TargetWords; path: Bytes; asJson: boolean } {
  const reader = new WordReader(words);
  const target = new TargetWords();
  const plain: Bytes[] = [];
  let asJson = false;
  for (let item = reader.read(); item !== undefined; item = reader.read()) {
    if ("plain" in item) plain.push(item.plain);
    else if (!target.take(reader, item)) {
      if (item.option !== "--json") throw unknownOption(item.option, name);
      noValue(item);
      asJson = true;
    }
  }
  const [path, extra] = plain;
  if (path === undefined || path === "") throw new UsageError(`no path is given; write 'ovlfs ${name} PATH'`);
  if (extra !== undefined) throw new UsageError(`there is one word too many: '${display(extra)}'; look at one path at a time`);
  return { target, path, asJson };
}
