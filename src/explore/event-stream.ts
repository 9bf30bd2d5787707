/**
 * Server-sent events to every page that is open. Events are gathered for a moment, so that a burst is one message;
 * of a burst too large to be looked at, the page is told which directories to read again. A page that does not read
 * is dropped, it asks again by itself.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { EventMessage, Name } from "./messages.js";
import { parentOf } from "./parent-of.js";

/** In milliseconds. */
const GATHER = 40;
const HEARTBEAT = 15_000;

const MANY = 200;
const MOST_PAGES = 16;
const MOST_UNREAD = 4 * 1024 * 1024;

export class EventStream {
  readonly #pages = new Set<ServerResponse>();
  #waiting: EventMessage[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #heart = setInterval(() => this.#write(": still here\n\n"), HEARTBEAT).unref();

  open(request: IncomingMessage, response: ServerResponse): void {
    if (this.#pages.size >= MOST_PAGES) {
      response.writeHead(503).end();
      return;
    }
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    response.write("retry: 1000\n\n");
    this.#pages.add(response);
    response.once("close", () => this.#pages.delete(response));
  }

  send(event: EventMessage): void {
    if (this.#pages.size === 0) return;
    this.#waiting.push(event);
    this.#timer ??= setTimeout(() => this.#flush(), GATHER);
  }

  close(): void {
    this.#flush();
    clearInterval(this.#heart);
    for (const page of this.#pages) page.end();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const events = this.#waiting;
    this.#waiting = [];
    if (events.length > 0) this.#write(`data: ${JSON.stringify(condensed(events))}\n\n`);
  }

  #write(text: string): void {
    for (const page of this.#pages) {
      if (page.writableLength > MOST_UNREAD) page.destroy();
      else page.write(text);
    }
  }
}

/** The first events as they are, and for the others the directories that they are in. */
export function condensed(events: readonly EventMessage[]): readonly EventMessage[] {
  if (events.length <= MANY) return events;
  const directories = new Set<Name>();
  const kept: EventMessage[] = events.slice(0, MANY);
  for (const event of events.slice(MANY)) {
    switch (event.kind) {
      case "event": for (const path of event.paths) directories.add(parentOf(path)); break;
      case "touched": directories.add(parentOf(event.path)); break;
      case "refresh": directories.add(event.path); break;
      case "ended": kept.push(event); break;
    }
  }
  return [...kept, ...[...directories].map((path): EventMessage => ({ kind: "refresh", path }))];
}
