/**
 * The HTTP server of `ovlfs explore`: on 127.0.0.1 alone, behind the gate, it gives the files of the page, answers
 * about the overlay as JSON, and the stream of events. It has no request that changes anything.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Answers } from "./answers.js";
import { Gate, headers } from "./gate.js";
import type { EventStream } from "./event-stream.js";
import type { FailureMessage } from "./messages.js";
import { pageFiles } from "./page-files.js";

/** Idle connections of a browser must not keep the program from ending, nor unfinished requests a connection. */
const limits = { requestTimeout: 10_000, headersTimeout: 5_000, keepAliveTimeout: 5_000, maxHeaderSize: 32 * 1024 };

const reasons: Readonly<Record<number, string>> = {
  400: "this is not a question about the overlay",
  404: "there is nothing here; use the address that ovlfs explore printed",
  405: "nothing can be changed here; only GET and HEAD are answered",
  421: "this server answers to 127.0.0.1 and localhost alone",
};

export class ExploreServer {
  readonly #gate = new Gate();
  readonly #files = pageFiles();
  readonly #server: Server;
  readonly #answers: Answers;
  readonly #events: EventStream;

  constructor(answers: Answers, events: EventStream) {
    this.#answers = answers;
    this.#events = events;
    this.#server = createServer(limits, (request, response) => this.#serve(request, response));
  }

  /** Listens, on `port` or one that is free; the address of the page. Rejects with what listen(2) says. */
  async listen(port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ host: "127.0.0.1", port, exclusive: true }, resolve);
    });
    const address = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${address.port}/${this.#gate.token}/`;
  }

  close(): void {
    this.#events.close();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const passed = this.#gate.pass(request);
    if ("refused" in passed) return refuse(response, passed.refused);
    if (passed.path === "events") return this.#events.open(request, response);
    const file = this.#files.get(passed.path);
    if (file !== undefined) return send(response, 200, file.type, file.content);
    if (!passed.path.startsWith("api/")) return refuse(response, 404);
    const answer = this.#answers.answer(passed.path.slice("api/".length), passed.query);
    if (answer === null) return refuse(response, 400);
    send(response, "error" in answer ? 409 : 200, "application/json", Buffer.from(JSON.stringify(answer)));
  }
}

function refuse(response: ServerResponse, status: number): void {
  if (status === 405) response.setHeader("Allow", "GET, HEAD");
  const answer: FailureMessage = { error: reasons[status] ?? "" };
  send(response, status, "application/json", Buffer.from(JSON.stringify(answer)));
}

/** Node itself leaves the content out where the request was HEAD. */
function send(response: ServerResponse, status: number, type: string, content: Buffer): void {
  response.writeHead(status, { "Content-Type": type, "Content-Length": content.length }).end(content);
}
