/**
 * `ovlfs explore` as a whole: the layers of an overlay, what tells of changes in them, and the server of the page, made
 * and ended together.
 */
import { Stack, type FoundOverlay } from "../inspect/index.js";
import { Answers } from "./answers.js";
import { EventStream } from "./event-stream.js";
import type { EventMessage } from "./messages.js";
import { openMountEvents, passOn } from "./mount-events.js";
import { ExploreServer } from "./server.js";
import { StackOverlay } from "./stack-overlay.js";
import { UpperWatch } from "./upper-watch.js";

export interface Explorer {
  /** Of the page, with the token. */
  readonly address: string;
  close(): void;
}

/** Opens the layers and listens on a port (0 for one that is free); the page opens at the path that was found. */
export async function startExplorer({ spec, path }: FoundOverlay, port: number): Promise<Explorer> {
  const stack = Stack.open(spec);
  const events = new EventStream();
  const send = (event: EventMessage): void => { events.send(event); };
  const trace = spec.source === "ovlfs" && spec.merged !== null ? await openMountEvents(spec.merged) : null;
  const watch = trace !== null || spec.upper === null ? null : new UpperWatch(spec.upper, send);
  if (trace !== null) void passOn(trace, send);
  const live = trace !== null ? "trace" : watch !== null ? "watch" : "none";
  const overlay = new StackOverlay(stack, path, live, (shown) => watch?.add(shown));
  const server = new ExploreServer(new Answers(overlay), events);
  const close = (): void => {
    server.close();
    trace?.close();
    watch?.close();
    stack.close();
  };
  try {
    return { address: await server.listen(port), close };
  } catch (error) {
    close();
    throw error;
  }
}
