/** The keys of a tree grid, as the WAI-ARIA practices have them, and letters to go to a name. */
import type { Grid } from "./grid.js";
import { shown } from "./names.js";
import type { Node, Tree } from "./tree.js";

/** After so many milliseconds letters begin a new name. */
const PAUSE = 800;

export class Keys {
  readonly #tree: Tree;
  readonly #grid: Grid;
  readonly #activate: (node: Node) => void;
  #letters = "";
  #lastLetter = 0;

  constructor(tree: Tree, grid: Grid, activate: (node: Node) => void) {
    this.#tree = tree;
    this.#grid = grid;
    this.#activate = activate;
    grid.element.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      if (this.#press(event.key)) event.preventDefault();
    });
  }

  #press(key: string): boolean {
    const { visible } = this.#tree;
    const node = this.#grid.active;
    const index = node === undefined ? -1 : this.#tree.indexOf(node);
    switch (key) {
      case "ArrowDown": return this.#go(index + 1);
      case "ArrowUp": return this.#go(index < 0 ? 0 : index - 1);
      case "PageDown": return this.#go(Math.min(visible.length - 1, index + this.#grid.height));
      case "PageUp": return this.#go(Math.max(0, index - this.#grid.height));
      case "Home": return this.#go(0);
      case "End": return this.#go(visible.length - 1);
    }
    if (node === undefined) return false;
    switch (key) {
      case "ArrowRight": return this.#right(node, index);
      case "ArrowLeft": return this.#left(node);
      case "Enter": case " ": return this.#toggle(node);
    }
    return /^\S$/u.test(key) && this.#letter(key, index);
  }

  #go(index: number): boolean {
    const node = this.#tree.visible[index];
    if (node !== undefined) this.#activate(node);
    return true;
  }

  #right(node: Node, index: number): boolean {
    if (node.row.type !== "directory") return true;
    if (!node.isOpen) return this.#toggle(node);
    return this.#tree.visible[index + 1]?.parent === node ? this.#go(index + 1) : true;
  }

  #left(node: Node): boolean {
    if (node.isOpen) this.#tree.close(node);
    else if (node.parent !== null && node.parent !== this.#tree.root) this.#activate(node.parent);
    return true;
  }

  #toggle(node: Node): boolean {
    if (node.isOpen) this.#tree.close(node);
    else void this.#tree.open(node);
    return true;
  }

  /** To the next row whose name begins with the letters that were typed in a row. */
  #letter(key: string, index: number): boolean {
    const now = performance.now();
    this.#letters = now - this.#lastLetter > PAUSE ? key : this.#letters + key;
    this.#lastLetter = now;
    const { visible } = this.#tree;
    const start = this.#letters.length === 1 ? index + 1 : index;
    const wanted = this.#letters.toLowerCase();
    for (let i = 0; i < visible.length; i++) {
      const node = visible[(start + i) % visible.length]!;
      if (!shown(node.row.name).toLowerCase().startsWith(wanted)) continue;
      this.#activate(node);
      return true;
    }
    return true;
  }
}
