/**
 * The questions of the page and their answers. Paths come as byte strings in the query; what is asked about is read
 * from the layers at that moment, so that no answer is older than the question.
 */
import type { Bytes } from "../sys/bytes.js";
import type { DirectoryMessage, ExplanationMessage, FailureMessage, OverviewMessage, RowMessage } from "./messages.js";

export type Answer = OverviewMessage | DirectoryMessage | { readonly row: RowMessage | null } | ExplanationMessage | FailureMessage;

/** What can be asked of an overlay; a sentence instead of an answer where it can't be found out. */
export interface Overlay {
  overview(): OverviewMessage;
  /** All names that any layer has in a merged directory, in the order of their bytes. */
  names(path: readonly Bytes[]): readonly Bytes[] | string;
  /** Rows of names in a merged directory; names without any object are left out. */
  rows(path: readonly Bytes[], names: readonly Bytes[]): readonly RowMessage[] | string;
  explain(path: readonly Bytes[]): ExplanationMessage | string;
}

/** So many rows are read and sent at once: other questions wait meanwhile. */
const PART = 2000;

export class Answers {
  readonly #overlay: Overlay;
  /** The names of the directory that is being read in parts. */
  #listing: { readonly path: string; readonly names: readonly Bytes[] } | undefined;

  constructor(overlay: Overlay) {
    this.#overlay = overlay;
  }

  /** Null for what is no question. */
  answer(question: string, query: URLSearchParams): Answer | null {
    const path = pathOf(query.get("path") ?? "");
    const from = Number(query.get("from") ?? 0);
    if (path === null || !Number.isSafeInteger(from) || from < 0) return null;
    switch (question) {
      case "overview": return this.#overlay.overview();
      case "directory": return this.#directory(path, from);
      case "row": return this.#row(path);
      case "explain": return orFailure(this.#overlay.explain(path));
      default: return null;
    }
  }

  #directory(path: readonly Bytes[], from: number): Answer {
    const names = this.#names(path, from);
    if (typeof names === "string") return { error: names };
    const rows = this.#overlay.rows(path, names.slice(from, from + PART));
    return typeof rows === "string" ? { error: rows } : { rows, total: names.length, more: from + PART < names.length };
  }

  /** Read anew for the first part only, so that the parts fit together. */
  #names(path: readonly Bytes[], from: number): readonly Bytes[] | string {
    const key = path.join("/");
    if (from > 0 && this.#listing?.path === key) return this.#listing.names;
    const names = this.#overlay.names(path);
    if (typeof names !== "string") this.#listing = names.length > PART ? { path: key, names } : undefined;
    return names;
  }

  #row(path: readonly Bytes[]): Answer | null {
    const name = path.at(-1);
    if (name === undefined) return null;
    const rows = this.#overlay.rows(path.slice(0, -1), [name]);
    return typeof rows === "string" ? { error: rows } : { row: rows[0] ?? null };
  }
}

function orFailure<T extends object>(answer: T | string): T | FailureMessage {
  return typeof answer === "string" ? { error: answer } : answer;
}

/** The names of a path; null for what is no path of bytes. */
function pathOf(text: string): readonly Bytes[] | null {
  if (/[^\x01-\xff]/.test(text)) return null;
  if (text === "") return [];
  const names = text.split("/") as Bytes[];
  return names.some((name) => (name as string) === "" || (name as string) === "." || (name as string) === "..") ? null : names;
}
