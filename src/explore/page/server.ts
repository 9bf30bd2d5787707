/** Asks the server that gave the page; its token is in the address of the page, which all others are relative to. */
import type { DirectoryMessage, EventMessage, ExplanationMessage, FailureMessage, Name, OverviewMessage, RowMessage } from "../messages.js";

/** The server's own sentence of why there is no answer. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

export function askOverview(): Promise<OverviewMessage> {
  return ask<OverviewMessage>("overview", {});
}

/** The rows of a directory from the one numbered `from`. */
export function askDirectory(path: Name, from: number): Promise<DirectoryMessage> {
  return ask<DirectoryMessage>("directory", { path, from: String(from) });
}

/** What the layers have under a path; null where none has anything. */
export async function askRow(path: Name): Promise<RowMessage | null> {
  return (await ask<{ row: RowMessage | null }>("row", { path })).row;
}

export function askExplanation(path: Name, signal: AbortSignal): Promise<ExplanationMessage> {
  return ask<ExplanationMessage>("explain", { path }, signal);
}

/** Calls `heard` for each event, and `connected` whenever the connection comes or goes. */
export function listen(heard: (event: EventMessage) => void, connected: (is: boolean) => void): void {
  const source = new EventSource("events");
  source.onopen = () => connected(true);
  source.onerror = () => connected(false);
  source.onmessage = (message: MessageEvent<string>) => {
    for (const event of JSON.parse(message.data) as EventMessage[]) heard(event);
  };
}

async function ask<T>(question: string, query: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<T> {
  const address = `api/${question}?${new URLSearchParams(query).toString()}`;
  const response = await fetch(address, signal === undefined ? {} : { signal });
  const answer = await response.json() as T | FailureMessage;
  if (!response.ok) throw new NoAnswer((answer as FailureMessage).error);
  return answer as T;
}
