/**
 * What the server of `ovlfs explore` tells its page, as JSON: types alone, which both sides are compiled against.
 * A name or path is a byte string (one byte per character), since not every name is text; the page shows it by
 * `page/names.ts`. Paths start from the root of the merged tree, without a slash in front.
 */

/** A byte string as JSON carries it: each character is one byte. */
export type Name = string;

export type LayerKind = "upper" | "lower" | "data";

export interface LayerMessage {
  readonly kind: LayerKind;
  /** As all commands name it: "upper", "lower 1". */
  readonly label: string;
  readonly path: Name;
}

/** How the page learns of changes. */
export type LiveKind =
  /** The mount tells each event. */
  | "trace"
  /** The directories of the upper that the page shows are watched. */
  | "watch"
  /** Nothing can change, or nothing tells of it. */
  | "none";

export interface OverviewMessage {
  /** Where the overlay is mounted, if it is. */
  readonly merged: Name | null;
  /** "ovlfs mount", "kernel overlay", "layers, not mounted". */
  readonly what: string;
  /** The path that was asked for, which the page opens at. */
  readonly start: Name;
  /** From the top; a cell names its layer by the position here. */
  readonly layers: readonly LayerMessage[];
  readonly live: LiveKind;
  /** That, in a sentence. */
  readonly liveWords: string;
}

export type FileType = "directory" | "file" | "symlink" | "character device" | "block device" | "fifo" | "socket";

/** What a layer has under a name. */
export interface CellMessage {
  /** Position in `OverviewMessage.layers`. */
  readonly layer: number;
  readonly type: FileType | "whiteout";
  /** Of a regular file. */
  readonly size?: number;
  /** "opaque", "redirect", "metacopy" and the like: what decides about the lookup. */
  readonly marks: readonly string[];
  /** Whether the merged tree shows it, or merges it into what it shows; a whiteout is in force while anything is below it. */
  readonly shown: boolean;
}

/** A name of a merged directory, with what each layer has under it. */
export interface RowMessage {
  readonly name: Name;
  /** What the merged tree shows, null where that is nothing: it is deleted, and a layer below still has it. */
  readonly type: FileType | null;
  /** Instead: the errno that a program gets for the name. */
  readonly error?: string;
  /** From the top; a layer without the name has none. */
  readonly cells: readonly CellMessage[];
}

/** A part of a directory's rows, in the order of their bytes. */
export interface DirectoryMessage {
  readonly rows: readonly RowMessage[];
  /** How many names there are in all. */
  readonly total: number;
  /** Whether rows follow the last of these. */
  readonly more: boolean;
}

/** One layer's part in a lookup, or that of several next to each other. */
export interface StepMessage {
  /** Position in `OverviewMessage.layers`. */
  readonly layer: number;
  /** That of the lowest of those that say the same. */
  readonly last: number;
  readonly text: string;
  /** What on disk says so. */
  readonly evidence: readonly string[];
  /** What follows from it. */
  readonly consequence: string | null;
}

export interface ExplanationMessage {
  readonly answer: string;
  readonly steps: readonly StepMessage[];
}

export type EventMessage =
  /** The mount did something, in the words of `ovlfs trace`; `paths` are the names that may have changed by it. */
  | { readonly kind: "event"; readonly verb: string; readonly words: string; readonly paths: readonly Name[] }
  /** A name may have changed. */
  | { readonly kind: "touched"; readonly path: Name }
  /** Much of a directory may have changed. */
  | { readonly kind: "refresh"; readonly path: Name }
  /** No more will come. */
  | { readonly kind: "ended"; readonly words: string };

/** Why a request got no answer, beside the status. */
export interface FailureMessage {
  readonly error: string;
}
