/**
 * Shows a change as it happens: a copy travels from the column of its lower to the upper's, a whiteout falls into its
 * place. Who asked for less motion gets a frame around what changed, which stays for a while and does not move.
 */
import type { Change } from "./changes.js";
import { element } from "./elements.js";
import type { Grid } from "./grid.js";
import type { Node } from "./tree.js";

/** In milliseconds. */
const FLIGHT = 1100;
const MARKED = 2500;

/** More than these at once is a flicker that nobody can follow. */
const MOST_FLIGHTS = 12;

const reduced = window.matchMedia("(prefers-reduced-motion: reduce)");

export class Motion {
  readonly #grid: Grid;
  #flights = 0;

  constructor(grid: Grid) {
    this.#grid = grid;
  }

  /** Shows what happened in the row of `node`, which is drawn already as it is now. */
  show(node: Node, change: Change): void {
    const row = this.#grid.rowOf(node);
    if (row === undefined) return;
    mark(row, change.verb);
    if (reduced.matches || this.#flights >= MOST_FLIGHTS || change.cell === undefined) return;
    const target = this.#grid.chipOf(node, change.cell.layer);
    if (target === undefined) return;
    const source = change.from === undefined ? undefined : this.#grid.chipOf(node, change.from);
    if (source !== undefined) this.#fly(row, source, target);
    else if (change.verb === "whiteout") this.#run(target, [{ opacity: 0, transform: "translateY(-14px) scale(1.5)" }, { opacity: 1, transform: "none" }], 450);
    else if (change.verb !== "write") this.#run(target, [{ opacity: 0, transform: "scale(.5)" }, { opacity: 1, transform: "none" }], 350);
  }

  /** A copy of the chip goes from one column to the other and becomes the chip there; a line shows its way. */
  #fly(row: HTMLElement, source: HTMLElement, target: HTMLElement): void {
    const field = this.#grid.rows.getBoundingClientRect();
    const from = source.getBoundingClientRect();
    const to = target.getBoundingClientRect();
    const traveller = target.cloneNode(true) as HTMLElement;
    traveller.classList.add("traveller");
    traveller.setAttribute("aria-hidden", "true");
    traveller.style.width = `${to.width}px`;
    traveller.style.left = `${to.left - field.left}px`;
    traveller.style.top = `${to.top - field.top}px`;
    const way = element("div", "way");
    way.style.left = `${to.right - field.left}px`;
    way.style.width = `${Math.max(0, from.left - to.right)}px`;
    way.style.top = `${to.top - field.top + to.height / 2 - 1}px`;
    const [lower, upper] = [source, target].map((chip) => getComputedStyle(chip).getPropertyValue("--tint")) as [string, string];
    way.style.setProperty("--from", lower);
    way.style.setProperty("--to", upper);
    this.#grid.rows.append(way, traveller);
    const distance = from.left - to.left;
    const start = { transform: `translateX(${distance}px)`, "--tint": lower };
    const lifted = { transform: `translateX(${distance}px) scale(1.12)`, "--tint": lower, offset: 0.15 };
    const near = { transform: "translateX(0) scale(1.12)", "--tint": upper, offset: 0.85 };
    // The row says it, not the chip: it may be drawn anew meanwhile.
    row.dataset["flight"] = "";
    this.#run(traveller, [start, lifted, near, { transform: "none", "--tint": upper }], FLIGHT, () => {
      traveller.remove();
      delete row.dataset["flight"];
    });
    this.#run(way, [{ opacity: 0 }, { opacity: 0.8, offset: 0.2 }, { opacity: 0.8, offset: 0.7 }, { opacity: 0 }], FLIGHT + 300, () => way.remove());
  }

  #run(on: HTMLElement, frames: Keyframe[], duration: number, then?: () => void): void {
    this.#flights++;
    const animation = on.animate(frames, { duration, easing: "cubic-bezier(.45, 0, .25, 1)" });
    const end = (): void => {
      this.#flights--;
      then?.();
    };
    animation.finished.then(end, end);
  }
}

/** A frame and a colour behind the row, told apart by what happened. */
function mark(row: HTMLElement, verb: string): void {
  row.dataset["changed"] = verb;
  setTimeout(() => {
    if (row.dataset["changed"] === verb) delete row.dataset["changed"];
  }, MARKED);
}
