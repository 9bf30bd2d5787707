/**
 * Events as they travel from a mount's daemon to those who trace it: a line of JSON each. Names are byte strings, which JSON
 * carries unchanged. A trace begins with `start`, so that what is done after that is surely seen, and ends with `end`
 * where the mount was unmounted.
 */
import type { OverlayEvent } from "../engine/events.js";

/** When, and for which process, something happened. */
export interface Stamp {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The process that asked for it; 0 where nobody is known, as for what the kernel writes back from its cache. */
  readonly pid: number;
}

/** Events that were not told, because whoever reads them was too slow; in their place. */
export interface Dropped {
  readonly kind: "dropped";
  readonly count: number;
}

export type TraceEvent = (OverlayEvent | Dropped) & Stamp;

/** What `--only` takes. */
export const KINDS = [
  "copy-up", "whiteout", "opaque", "redirect", "create", "remove", "rename", "link", "metadata", "write", "lookup-miss",
] as const satisfies readonly OverlayEvent["kind"][];

export type Message = TraceEvent | { readonly kind: "start" } | { readonly kind: "end" };

/** The xattr of the mount's root that asks for a trace: this, and behind it the path of a socket. */
export const TRACE_PREFIX = "user.ovlfs.trace.";

export function encodeMessage(message: Message): string {
  return `${JSON.stringify(message)}\n`;
}

export function decodeMessage(line: string): Message {
  return JSON.parse(line) as Message;
}
