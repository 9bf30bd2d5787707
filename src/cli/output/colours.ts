/**
 * Colours for a terminal: each layer of an overlay has one, the same in every command. A pipe or a file gets none, and
 * a terminal none where NO_COLOR or TERM=dumb asks for that, so that what a script reads never depends on them.
 */
import type { StackLayer } from "../../inspect/stack.js";

/** Puts text in a colour; `none` leaves it alone. */
export interface Paint {
  layer(layer: Pick<StackLayer, "kind" | "number">, text: string): string;
  /** What is not seen in the merged tree. */
  hidden(text: string): string;
  added(text: string): string;
  modified(text: string): string;
  deleted(text: string): string;
  faint(text: string): string;
}

const UPPER = "32";
const LOWERS = ["34", "35", "36", "33", "94", "95", "96", "93"];
const DATA = "90";

function sgr(code: string): (text: string) => string {
  return (text) => `\x1b[${code}m${text}\x1b[0m`;
}

const red = sgr("31");
const faint = sgr("2");

const colourful: Paint = {
  layer: ({ kind, number }, text) => sgr(kind === "upper" ? UPPER : kind === "data" ? DATA : LOWERS[(number - 1) % LOWERS.length]!)(text),
  hidden: red,
  added: sgr("32"),
  modified: sgr("33"),
  deleted: red,
  faint,
};

const same = (text: string): string => text;
const none: Paint = { layer: (_, text) => text, hidden: same, added: same, modified: same, deleted: same, faint: same };

/** Whether `stream` takes colours. NO_COLOR counts if it is not empty, as no-color.org has it. */
export function takesColours(stream: Pick<NodeJS.WriteStream, "isTTY">, env: NodeJS.ProcessEnv = process.env): boolean {
  return stream.isTTY && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb";
}

/** How to paint what is written to `stream`. */
export function paintFor(stream: Pick<NodeJS.WriteStream, "isTTY">, env: NodeJS.ProcessEnv = process.env): Paint {
  return takesColours(stream, env) ? colourful : none;
}
