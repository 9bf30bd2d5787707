/**
 * Keeps the tree up to date with what the server tells: looks again at each name that an event is about, shows what
 * changed, and, where that is wanted, opens the directories above it. What comes in a burst is shown as a whole.
 */
import type { EventMessage, LayerMessage, Name } from "../messages.js";
import { changeOf, changeWords, type Change } from "./changes.js";
import type { EventList } from "./event-list.js";
import type { Explanation } from "./explanation.js";
import type { Grid } from "./grid.js";
import type { Motion } from "./motion.js";
import { shown, sizeWords } from "./names.js";
import { NoAnswer } from "./server.js";
import type { Node, Tree, Update } from "./tree.js";

/** With more waiting than this no directory is opened for what changed. */
const BURST = 20;

interface Parts {
  readonly layers: readonly LayerMessage[];
  readonly tree: Tree;
  readonly grid: Grid;
  readonly motion: Motion;
  readonly explanation: Explanation;
  readonly events: EventList;
  /** Whether directories are opened for what changed in them. */
  readonly isWanted: () => boolean;
}

/** What is to be looked at again. */
interface Waiting {
  readonly path: Name;
  /** The whole directory instead of the name. */
  readonly isDirectory: boolean;
  /** Whether the mount itself has told what happened. */
  readonly isTold: boolean;
}

export class Following {
  readonly #parts: Parts;
  readonly #waiting = new Map<string, Waiting>();
  #isBusy = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  hear(event: EventMessage): void {
    switch (event.kind) {
      case "event":
        this.#parts.events.add(event.verb, event.words, event.paths[0]);
        for (const path of event.paths) this.#wait({ path, isDirectory: false, isTold: true });
        return;
      case "touched": return this.#wait({ path: event.path, isDirectory: false, isTold: false });
      case "refresh": return this.#wait({ path: event.path, isDirectory: true, isTold: false });
      case "ended": return this.#parts.events.add("ended", event.words, undefined);
    }
  }

  /** Reads again what is open. */
  async lookAgain(): Promise<void> {
    await this.#show(await this.#parts.tree.refreshAll(), false, false);
    this.#parts.explanation.renew(this.#parts.explanation.path ?? "");
  }

  #wait(waiting: Waiting): void {
    this.#waiting.set(`${waiting.isDirectory} ${waiting.path}`, waiting);
    if (!this.#isBusy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) await this.#lookAt(next);
    } finally {
      this.#isBusy = false;
    }
  }

  #next(): Waiting | undefined {
    for (const [key, waiting] of this.#waiting) {
      this.#waiting.delete(key);
      return waiting;
    }
    return undefined;
  }

  async #lookAt({ path, isDirectory, isTold }: Waiting): Promise<void> {
    const { tree, explanation, isWanted } = this.#parts;
    try {
      const isCalm = isWanted() && this.#waiting.size < BURST;
      const updates = isDirectory ? await tree.refresh(path) : await tree.update(path);
      if (updates !== undefined) await this.#show(updates, isTold, isCalm);
      else if (isCalm) await this.#showNew(path);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
    }
    if (explanation.path !== undefined && (explanation.path === path || explanation.path.startsWith(`${path}/`))) {
      explanation.renew(explanation.path);
    }
  }

  /** A name whose directory was not read yet: its row is drawn as it is now. */
  async #showNew(path: Name): Promise<void> {
    const { tree, layers, motion, grid } = this.#parts;
    const node = await tree.reveal(path);
    if (node === undefined || node === tree.root) return;
    grid.scrollTo(node);
    const upper = node.row.cells.find(({ layer }) => layers[layer]?.kind === "upper");
    const before = { ...node.row, cells: node.row.cells.filter((cell) => cell !== upper) };
    const below = before.cells.find(({ type }) => type === upper?.type);
    const change = changeOf(layers, { ...before, cells: before.cells.map((cell) => ({ ...cell, shown: cell === below })) }, node.row);
    grid.draw(() => { if (change !== null) motion.show(node, change); });
  }

  async #show(updates: readonly Update[], isTold: boolean, isCalm: boolean): Promise<void> {
    const { layers, tree, motion, grid, events } = this.#parts;
    for (const { node, before, after } of updates.slice(0, BURST)) {
      const change = changeOf(layers, before, after);
      if (change === null) continue;
      if (!isTold) this.#list(node, change);
      if (after === null) continue;
      if (isCalm) await tree.reveal(node.path);
      grid.draw(() => {
        if (isCalm) grid.scrollTo(node);
        motion.show(nearest(node, tree), change);
      });
    }
    if (updates.length > BURST) events.add("more", `changes: ${(updates.length - BURST).toLocaleString("en")}`, undefined);
  }

  #list(node: Node, change: Change): void {
    const size = change.cell?.type === "file" && change.cell.size !== undefined ? sizeWords(change.cell.size) : "";
    this.#parts.events.add(change.verb, changeWords(change, this.#parts.layers, shown(node.path), size), node.path);
  }
}

/** The row that stands for `node`: its own, or that of the closed directory it is in. */
function nearest(node: Node, tree: Tree): Node {
  let seen = node;
  for (let above = node.parent; above !== null && above !== tree.root; above = above.parent) if (!above.isOpen) seen = above;
  return seen;
}
