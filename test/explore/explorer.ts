/** Runs the built `ovlfs explore` as a person does, and asks it what its page would ask. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import type { DirectoryMessage, EventMessage, ExplanationMessage, OverviewMessage, RowMessage } from "../../src/explore/messages.js";
import { CLI } from "../harness/mounters.js";

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export class Explorer {
  readonly #child: ChildProcess;
  readonly address: URL;
  readonly #listening = new AbortController();

  private constructor(child: ChildProcess, address: string) {
    this.#child = child;
    this.address = new URL(address);
  }

  /** Rejects with what it said where it does not start. */
  static async start(words: readonly string[], cwd: string): Promise<Explorer> {
    const child = spawn(process.execPath, [CLI, "explore", ...words], { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => { errors += text; });
    let output = "";
    for await (const text of child.stdout.setEncoding("utf8") as AsyncIterable<string>) {
      output += text;
      if (output.includes("\n")) return new Explorer(child, output.split("\n")[0]!);
    }
    throw new Error(errors);
  }

  /** A request to the server; the path is relative to the page's unless it begins with a slash. */
  ask(path: string, { method = "GET", host = this.address.host, body = "" } = {}): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const url = { host: "127.0.0.1", port: this.address.port, path: path.startsWith("/") ? path : this.address.pathname + path };
      const asking = request({ ...url, method, headers: { host }, agent: false }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => { text += part; });
        response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers, text }));
      });
      asking.on("error", reject);
      asking.end(body);
    });
  }

  async overview(): Promise<OverviewMessage> { return this.#json<OverviewMessage>("overview", {}); }
  async directory(path: string, from = 0): Promise<DirectoryMessage> { return this.#json<DirectoryMessage>("directory", { path, from: String(from) }); }
  async row(path: string): Promise<RowMessage | null> { return (await this.#json<{ row: RowMessage | null }>("row", { path })).row; }
  async explain(path: string): Promise<ExplanationMessage> { return this.#json<ExplanationMessage>("explain", { path }); }

  async #json<T>(question: string, query: Readonly<Record<string, string>>): Promise<T> {
    const { status, text } = await this.ask(`api/${question}?${new URLSearchParams(query).toString()}`);
    if (status !== 200) throw new Error(`${question} was answered with ${status}: ${text}`);
    return JSON.parse(text) as T;
  }

  /** The events from now on; a place that fills. */
  async listen(): Promise<readonly EventMessage[]> {
    const heard: EventMessage[] = [];
    const response = await fetch(new URL("events", this.address), { signal: this.#listening.signal });
    void read(response.body!.pipeThrough(new TextDecoderStream()), heard);
    return heard;
  }

  /** Interrupts it; its exit status. */
  async interrupt(): Promise<number | null> {
    this.#listening.abort();
    if (this.#child.exitCode !== null) return this.#child.exitCode;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGINT");
    const [status] = await ended as [number | null];
    return status;
  }

  kill(): void {
    this.#listening.abort();
    this.#child.kill("SIGKILL");
  }
}

async function read(stream: ReadableStream<string>, into: EventMessage[]): Promise<void> {
  let rest = "";
  try {
    for await (const text of stream) {
      const messages = (rest + text).split("\n\n");
      rest = messages.pop()!;
      for (const message of messages) if (message.startsWith("data: ")) into.push(...JSON.parse(message.slice(6)) as EventMessage[]);
    }
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}
