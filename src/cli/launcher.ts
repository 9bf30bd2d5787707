/** This process becomes the launcher (launcher/ovlfs.c), which has a Node of its own run the program or its daemon. */
import { fileURLToPath } from "node:url";
import { bytes, concat, toBuffer, type Bytes } from "../sys/bytes.js";
import { errnoName } from "../sys/errno.js";
import { native } from "../sys/native.js";

export const LAUNCHER = fileURLToPath(new URL("../../build/Release/ovlfs", import.meta.url));

/** Does not return; throws where there is no launcher. */
export function becomeLauncher(words: readonly Bytes[]): never {
  const all = [bytes("ovlfs"), ...words].map((word) => concat(word, bytes("\0")));
  const error = native.execv(bytes(LAUNCHER), toBuffer(concat(...all)));
  throw new Error(`${LAUNCHER} cannot be run (${errnoName(error)}); build it with 'npm run install'`);
}
