/**
 * What a mount of ovlfs tells of itself, passed on to the page: what changes something, in the words of `ovlfs trace`,
 * with the names at which the page has to look again.
 */
import type { Bytes } from "../sys/bytes.js";
import { openTrace, TraceError, type Trace } from "../trace/client.js";
import type { TraceEvent } from "../trace/trace-event.js";
import { eventLine } from "../trace/words.js";
import type { EventMessage } from "./messages.js";

/** Begins to listen to a mount; null where it can't be traced, as over libfuse 2 or of another user. */
export async function openMountEvents(mountpoint: Bytes): Promise<Trace | null> {
  try {
    return await openTrace(mountpoint);
  } catch (error) {
    if (error instanceof TraceError) return null;
    throw error;
  }
}

/** Passes events on until the trace ends; then says so, unless it was closed from this side. */
export async function passOn(trace: Trace, send: (event: EventMessage) => void): Promise<void> {
  try {
    for await (const event of trace) {
      const message = messageOf(event);
      if (message !== null) send(message);
    }
    send({ kind: "ended", words: "the overlay was unmounted" });
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    send({ kind: "ended", words: error.message });
  }
}

/** Null for what changes nothing. */
export function messageOf(event: TraceEvent): EventMessage | null {
  switch (event.kind) {
    case "lookup-miss": return null;
    case "dropped": return { kind: "refresh", path: "" };
    default: {
      const line = eventLine(event);
      const end = line.indexOf(" ");
      // The root, ".", has no row.
      const paths = [event.path, ..."to" in event ? [event.to] : []].filter((path): path is Bytes => path !== null && path !== ".");
      return { kind: "event", verb: line.slice(0, end), words: line.slice(end + 1), paths };
    }
  }
}
