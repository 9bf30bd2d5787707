/**
 * Who may ask the server of `ovlfs explore`: it listens on loopback, where every user of the machine and every web
 * page in a browser can knock. A request passes only with the token in its path, to a loopback host by name (a page
 * whose domain was rebound to 127.0.0.1 names its own), and only to read.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

const HOST = /^(?:127\.0\.0\.1|localhost)(?::[0-9]{1,5})?$/;

/** Every answer carries these: nothing is kept, and the page loads and asks nothing but this server. */
export const headers: Readonly<Record<string, string>> = {
  "Cache-Control": "no-store",
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

/** What a request asks for, or the status that refuses it. */
export type Passed = { readonly path: string; readonly query: URLSearchParams } | { readonly refused: 400 | 404 | 405 | 421 };

export class Gate {
  /** 256 bits of chance, as the first part of every path. */
  readonly token = randomBytes(32).toString("base64url");
  readonly #secret = Buffer.from(this.token);

  pass(request: IncomingMessage): Passed {
    if (request.method !== "GET" && request.method !== "HEAD") return { refused: 405 };
    if (!HOST.test(request.headers.host ?? "")) return { refused: 421 };
    const found = /^\/([^/?]*)\/([^?]*)(?:\?(.*))?$/.exec(request.url ?? "");
    if (found === null || !this.#knows(found[1]!)) return { refused: 404 };
    return { path: found[2]!, query: new URLSearchParams(found[3] ?? "") };
  }

  /** The time it takes says nothing of where `word` differs. */
  #knows(word: string): boolean {
    const given = Buffer.from(word);
    return given.length === this.#secret.length && timingSafeEqual(given, this.#secret);
  }
}
