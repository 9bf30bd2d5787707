/** `ovlfs inspect`: what an overlay is made of, in the form of docker inspect. */
import { graphDriver } from "../../inspect/index.js";
import type { Bytes } from "../../sys/bytes.js";
import { nameOverlay, OVERLAY_HELP } from "../overlay-words.js";

export const help = `usage: ovlfs inspect [PATH]
       ovlfs inspect --lower DIR[:DIR]... [--upper DIR] [-o OPTIONS]
       ovlfs inspect --from-inspect FILE

Prints what an overlay is made of as JSON, in the form that 'docker inspect' has under GraphDriver: LowerDir (topmost
first), UpperDir, WorkDir and MergedDir; besides the options in force and, of a mounted ovlfs, what it counted.
'ovlfs mount --from-inspect' mounts it.

${OVERLAY_HELP}`;

export function run(words: readonly Bytes[]): Promise<number> {
  const named = nameOverlay(words, "inspect", () => false);
  process.stdout.write(`${JSON.stringify(graphDriver(named.spec), null, 2)}\n`);
  return Promise.resolve(0);
}
