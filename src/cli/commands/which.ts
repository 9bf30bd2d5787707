/** `ovlfs which`: the layer that provides a path, the copies that it shadows, and what decided it. */
import { whichJson, whichText } from "../../inspect/index.js";
import type { Bytes } from "../../sys/bytes.js";
import { lookUpAndPrint } from "../lookup-command.js";
import { OVERLAY_HELP } from "../overlay-words.js";

export const help = `usage: ovlfs which [--json] [PATH]
       ovlfs which ... --lower DIR[:DIR]... [--upper DIR] [-o OPTIONS] [PATH]

Says which layer of an overlay provides PATH, which copies in other layers it shadows, and what decided it. Exit
status 1 where nothing is there. The layers are only read.

  --json                 the same as JSON

${OVERLAY_HELP}`;

export function run(words: readonly Bytes[]): Promise<number> {
  return Promise.resolve().then(() => lookUpAndPrint("which", words, { text: whichText, json: whichJson }));
}
