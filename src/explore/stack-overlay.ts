/** The overlay as the page asks about it: the layers opened by `src/inspect`, which only reads them. */
import { layerName, resolve, type Stack } from "../inspect/index.js";
import type { Bytes } from "../sys/bytes.js";
import type { Overlay } from "./answers.js";
import type { ExplanationMessage, LiveKind, OverviewMessage, RowMessage } from "./messages.js";
import { explain } from "./explanation.js";
import { directoryAt, namesIn, rowOf } from "./rows.js";

const what: Readonly<Record<Stack["spec"]["source"], string>> = {
  ovlfs: "mounted by ovlfs", kernel: "mounted by the kernel", directories: "layers that are not mounted", container: "layers of a container",
};

const liveWords: Readonly<Record<LiveKind, string>> = {
  trace: "live: the mount tells what it does",
  watch: "live: the upper is watched, in the directories opened here",
  none: "no upper: nothing changes here",
};

export class StackOverlay implements Overlay {
  readonly #stack: Stack;
  readonly #start: Bytes;
  readonly #live: LiveKind;
  readonly #listed: (path: Bytes) => void;

  /** `start` is the path that the page opens at; `listed` is told each directory that it shows. */
  constructor(stack: Stack, start: Bytes, live: LiveKind, listed: (path: Bytes) => void) {
    this.#stack = stack;
    this.#start = start;
    this.#live = live;
    this.#listed = listed;
  }

  overview(): OverviewMessage {
    const { spec, layers } = this.#stack;
    return {
      merged: spec.merged, what: what[spec.source], start: resolve(this.#stack, this.#start).path.slice(1), live: this.#live, liveWords: liveWords[this.#live],
      layers: layers.map((layer) => ({ kind: layer.kind, label: layerName(layer), path: layer.path })),
    };
  }

  names(path: readonly Bytes[]): readonly Bytes[] | string {
    // Watched first: what changes while it is being read is told after it.
    this.#listed(path.join("/") as Bytes);
    const directory = directoryAt(this.#stack, path);
    return typeof directory === "string" ? directory : namesIn(directory);
  }

  rows(path: readonly Bytes[], names: readonly Bytes[]): readonly RowMessage[] | string {
    const directory = directoryAt(this.#stack, path);
    if (typeof directory === "string") return directory;
    return names.map((name) => rowOf(directory.lookUp(name))).filter((row) => row !== null);
  }

  explain(path: readonly Bytes[]): ExplanationMessage {
    return explain(this.#stack, `/${path.join("/")}` as Bytes);
  }
}
