/**
 * Draws the rows that are in sight, and only those: a directory may have 100,000. Each row is the name in the merged
 * tree and a chip in the column of each layer that has it. The grid itself has the focus and names the active row.
 */
import type { LayerMessage, RowMessage } from "../messages.js";
import { drawingOf, makeChip, tintOf } from "./chips.js";
import { byId, drawing, element } from "./elements.js";
import { shown } from "./names.js";
import type { Node, Tree } from "./tree.js";

/** In CSS pixels, as in style.css. */
export const ROW_HEIGHT = 30;
const HEAD_HEIGHT = 58;
const BEYOND = 8;

interface Drawn {
  readonly element: HTMLElement;
  version: number;
}

export class Grid {
  readonly element = byId("grid");
  readonly rows = byId("rows");
  readonly #heads = byId("heads");
  readonly #tree: Tree;
  readonly #layers: readonly LayerMessage[];
  readonly #drawn = new Map<Node, Drawn>();
  #active: Node | undefined;
  #nextId = 0;
  #frame = 0;
  #after: (() => void)[] = [];

  constructor(tree: Tree, layers: readonly LayerMessage[]) {
    this.#tree = tree;
    this.#layers = layers;
    this.element.style.setProperty("--layers", String(layers.length));
    this.element.classList.toggle("many", layers.length > 5);
    this.element.setAttribute("aria-colcount", String(layers.length + 1));
    this.#drawHeads();
    const lines = element("div", "lines", element("i", ""), ...layers.map(() => element("span", "")));
    lines.setAttribute("aria-hidden", "true");
    this.rows.append(lines);
    this.element.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  get active(): Node | undefined {
    return this.#active;
  }

  set active(node: Node | undefined) {
    if (node === this.#active) return;
    this.#active = node;
    this.draw();
  }

  /** Draws before the next frame, once however often it is asked for; `after` runs when that is done. */
  draw(after?: () => void): void {
    if (after !== undefined) this.#after.push(after);
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#drawNow());
  }

  /** How many rows are in sight. */
  get height(): number {
    return Math.max(1, Math.floor((this.element.clientHeight - HEAD_HEIGHT) / ROW_HEIGHT));
  }

  /** Scrolls as little as needed, with many layers also to the one that the row is from. */
  scrollTo(node: Node): void {
    this.#scrollToColumn(providerOf(node.row) + 1);
    const top = this.#tree.indexOf(node) * ROW_HEIGHT;
    if (top < 0) return;
    const room = this.element.clientHeight - HEAD_HEIGHT;
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    else if (top + ROW_HEIGHT > this.element.scrollTop + room) this.element.scrollTop = top + ROW_HEIGHT - room;
  }

  #scrollToColumn(column: number): void {
    const [merged, head] = [this.#heads.children[0], this.#heads.children[column]];
    if (!(merged instanceof HTMLElement) || !(head instanceof HTMLElement) || column === 0) return;
    const { scrollLeft, clientWidth } = this.element;
    const beyond = head.offsetLeft + head.offsetWidth - clientWidth;
    if (head.offsetLeft < scrollLeft + merged.offsetWidth) this.element.scrollLeft = head.offsetLeft - merged.offsetWidth;
    else if (beyond > scrollLeft) this.element.scrollLeft = beyond;
  }

  /** The drawn row of a node. */
  rowOf(node: Node): HTMLElement | undefined {
    return this.#drawn.get(node)?.element;
  }

  chipOf(node: Node, layer: number): HTMLElement | undefined {
    return this.rowOf(node)?.querySelector<HTMLElement>(`[data-layer="${layer}"] .chip`) ?? undefined;
  }

  /** The node whose row an element is in. */
  nodeAt(target: EventTarget | null): Node | undefined {
    const row = target instanceof Element ? target.closest("#rows > [role=row]") : null;
    if (row === null) return undefined;
    for (const [node, drawn] of this.#drawn) if (drawn.element === row) return node;
    return undefined;
  }

  #drawNow(): void {
    this.#frame = 0;
    const { visible } = this.#tree;
    this.element.setAttribute("aria-rowcount", String(visible.length + 1));
    this.rows.style.height = `${visible.length * ROW_HEIGHT}px`;
    const first = Math.max(0, Math.floor(this.element.scrollTop / ROW_HEIGHT) - BEYOND);
    const last = Math.min(visible.length, first + this.height + 2 * BEYOND + 2);
    const wanted = new Map<Node, number>();
    for (let i = first; i < last; i++) wanted.set(visible[i]!, i);
    // What aria-activedescendant names has to be there, in sight or not.
    const active = this.#active === undefined ? -1 : this.#tree.indexOf(this.#active);
    if (this.#active !== undefined && active >= 0) wanted.set(this.#active, active);
    for (const [node, { element: row }] of this.#drawn) {
      if (wanted.has(node)) continue;
      row.remove();
      this.#drawn.delete(node);
    }
    for (const [node, index] of wanted) this.#drawRow(node, index);
    const activeRow = this.#active === undefined ? undefined : this.rowOf(this.#active);
    if (activeRow === undefined) this.element.removeAttribute("aria-activedescendant");
    else this.element.setAttribute("aria-activedescendant", activeRow.id);
    const after = this.#after;
    this.#after = [];
    for (const call of after) call();
  }

  #drawRow(node: Node, index: number): void {
    let drawn = this.#drawn.get(node);
    if (drawn === undefined) {
      drawn = { element: element("div", "row"), version: -1 };
      drawn.element.id = `row-${this.#nextId++}`;
      drawn.element.setAttribute("role", "row");
      this.#drawn.set(node, drawn);
      this.rows.append(drawn.element);
    }
    const row = drawn.element;
    row.style.setProperty("--top", `${index * ROW_HEIGHT}px`);
    row.setAttribute("aria-rowindex", String(index + 2));
    row.classList.toggle("active", node === this.#active);
    row.setAttribute("aria-selected", String(node === this.#active));
    if (drawn.version === node.version) return;
    drawn.version = node.version;
    this.#fill(row, node);
  }

  #fill(row: HTMLElement, node: Node): void {
    const { row: content } = node;
    const isDirectory = content.type === "directory";
    row.setAttribute("aria-level", String(node.level));
    if (isDirectory) row.setAttribute("aria-expanded", String(node.isOpen));
    else row.removeAttribute("aria-expanded");
    row.classList.toggle("is-gone", content.type === null);
    row.classList.toggle("is-open", node.isOpen);
    row.replaceChildren(this.#nameCell(node), ...content.cells.map((cell) => {
      const place = element("div", "cell", makeChip(cell, this.#layers));
      place.setAttribute("role", "gridcell");
      place.setAttribute("aria-colindex", String(cell.layer + 2));
      place.dataset["layer"] = String(cell.layer);
      place.style.gridColumn = String(cell.layer + 2);
      return place;
    }));
  }

  #nameCell(node: Node): HTMLElement {
    const { row } = node;
    const place = element("div", `name ${tintOf(this.#layers, providerOf(row))}`);
    place.setAttribute("role", "gridcell");
    place.setAttribute("aria-colindex", "1");
    place.style.setProperty("--level", String(node.level - 1));
    place.append(row.type === "directory" ? drawing("twisty", "icon twisty") : element("span", "no-twisty"));
    place.append(drawing(drawingOf(row.type ?? row.cells.at(-1)?.type ?? "file"), "icon kind"));
    const text = shown(row.name);
    const name = element("bdi", "text", text);
    name.title = text;
    place.append(name);
    if (row.error !== undefined) place.append(element("span", "tag", row.error));
    else if (row.type === null) place.append(element("span", "tag", "deleted"));
    if (node.isOpen && node.missing > 0) place.append(element("span", "tag", `${node.missing.toLocaleString("en")} more to come`));
    return place;
  }

  #drawHeads(): void {
    const merged = element("div", "head name", element("span", "head-label", "merged"), element("span", "head-path", "what a program sees"));
    merged.setAttribute("role", "columnheader");
    merged.setAttribute("aria-colindex", "1");
    this.#heads.replaceChildren(merged, ...this.#layers.map((layer, position) => {
      const path = shown(layer.path);
      const head = element("div", `head ${tintOf(this.#layers, position)}`,
        element("span", "head-label", element("span", "swatch"), layer.label), element("span", "head-path", element("bdi", "", path)));
      head.title = path;
      head.setAttribute("role", "columnheader");
      head.setAttribute("aria-colindex", String(position + 2));
      return head;
    }));
  }
}

/** The layer whose object the merged tree shows; -1 where it shows nothing. */
function providerOf(row: RowMessage): number {
  return row.type === null ? -1 : row.cells.find(({ shown: isShown, type }) => isShown && type !== "whiteout")?.layer ?? -1;
}
