/** `ovlfs explain`: the lookup of a path told step by step. */
import { explainJson, explainText } from "../../inspect/index.js";
import type { Bytes } from "../../sys/bytes.js";
import { lookUpAndPrint } from "../lookup-command.js";
import { OVERLAY_HELP } from "../overlay-words.js";

export const help = `usage: ovlfs explain [--json] [PATH]
       ovlfs explain ... --lower DIR[:DIR]... [--upper DIR] [-o OPTIONS] [PATH]

Tells the lookup of PATH step by step: each component of the path, layer by layer from the top, with what stands on
disk (whiteouts, opaque, redirect and metacopy marks) and what follows from it. Symlinks on the way are followed within
the overlay. Exit status 1 where nothing is there. The layers are only read.

  --json                 the same as JSON

${OVERLAY_HELP}`;

export function run(words: readonly Bytes[]): Promise<number> {
  return Promise.resolve().then(() => lookUpAndPrint("explain", words, { text: explainText, json: explainJson }));
}
