/**
 * The rows that the page knows, as a tree of which the opened directories are read, and as the flat list that is seen.
 * Directories come in parts and only when they are opened; the list stays in the order of the bytes of the names.
 */
import type { Name, RowMessage } from "../messages.js";
import { joined, parentOf } from "./names.js";
import { askDirectory, askRow } from "./server.js";

export interface Node {
  readonly path: Name;
  /** The root has 0 and is not seen itself. */
  readonly level: number;
  readonly parent: Node | null;
  row: RowMessage;
  isOpen: boolean;
  /** Null until the directory was read. */
  children: Node[] | null;
  /** How many more will come while it is being read. */
  missing: number;
  /** Counts the changes of the row, so that a drawn one is known to be old. */
  version: number;
}

/** What became of a name when it was looked at again. */
export interface Update {
  readonly node: Node;
  readonly before: RowMessage | null;
  readonly after: RowMessage | null;
}

export class Tree {
  readonly root: Node = makeNode(null, { name: "", type: "directory", cells: [] });
  /** What is seen, in order. */
  visible: Node[] = [];
  readonly #nodes = new Map<Name, Node>([["", this.root]]);
  readonly #changed: () => void;

  /** `changed` is called whenever something else is to be drawn. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  find(path: Name): Node | undefined {
    return this.#nodes.get(path);
  }

  indexOf(node: Node): number {
    return this.visible.indexOf(node);
  }

  async open(node: Node): Promise<void> {
    if (node.row.type !== "directory" || node.isOpen) return;
    node.isOpen = true;
    node.version++;
    if (node.children === null) await this.#read(node);
    this.#list();
  }

  close(node: Node): void {
    if (!node.isOpen || node === this.root) return;
    node.isOpen = false;
    node.version++;
    this.#list();
  }

  /** Opens all directories above `path`; its node if it is there. */
  async reveal(path: Name): Promise<Node | undefined> {
    if (path === "") return this.root;
    const parent = await this.reveal(parentOf(path));
    if (parent?.row.type !== "directory") return undefined;
    await this.open(parent);
    return this.find(path);
  }

  /** Looks at one name again, if its directory was read, and at what is below it where that may be another now. */
  async update(path: Name): Promise<Update[] | undefined> {
    const parent = this.find(parentOf(path));
    if (path === "" || parent === undefined || parent.children === null) return undefined;
    const after = await askRow(path);
    const known = this.find(path);
    const before = known?.row ?? null;
    const node = known ?? (after === null ? undefined : makeNode(parent, after));
    if (node === undefined) return [];
    this.#place(node, after);
    this.#list();
    const isOther = after !== null && before !== null && mergeOf(before) !== mergeOf(after);
    return [{ node, before, after }, ...(isOther ? await this.refresh(path) : [])];
  }

  /** Reads a directory again, and tells what is not as it was. */
  async refresh(path: Name): Promise<Update[]> {
    const directory = this.find(path);
    if (directory === undefined || directory.children === null) return [];
    const old = new Map(directory.children.map((child) => [child.row.name, child]));
    const updates: Update[] = [];
    const rows = await readAll(directory);
    for (const row of rows) {
      const known = old.get(row.name);
      old.delete(row.name);
      if (known !== undefined && JSON.stringify(known.row) === JSON.stringify(row)) continue;
      const node = known ?? makeNode(directory, row);
      updates.push({ node, before: known?.row ?? null, after: row });
    }
    for (const node of old.values()) updates.push({ node, before: node.row, after: null });
    if (updates.length > 100) this.#replace(directory, updates);
    else for (const { node, after } of updates) this.#place(node, after);
    this.#list();
    return updates;
  }

  /** Reads again what is open, from the root. */
  async refreshAll(): Promise<Update[]> {
    const updates: Update[] = [];
    for (const node of [...this.#nodes.values()]) {
      if (node.isOpen && this.#nodes.get(node.path) === node) updates.push(...await this.refresh(node.path));
      else if (!node.isOpen && node.children !== null) this.#forget(node);
    }
    return updates;
  }

  async #read(directory: Node): Promise<void> {
    const children: Node[] = [];
    directory.children = children;
    for (let more = true; more;) {
      const part = await askDirectory(directory.path, children.length);
      for (const row of part.rows) {
        const child = makeNode(directory, row);
        children.push(child);
        this.#nodes.set(child.path, child);
      }
      directory.missing = part.more ? part.total - children.length : 0;
      directory.version++;
      more = part.more && part.rows.length > 0;
      this.#list();
    }
  }

  /** Puts a row in its place, changes it, or takes it away. */
  #place(node: Node, after: RowMessage | null): void {
    const siblings = node.parent?.children ?? [];
    const isKnown = this.#nodes.get(node.path) === node;
    if (after === null) {
      if (!isKnown) return;
      siblings.splice(siblings.indexOf(node), 1);
      this.#forget(node);
      this.#nodes.delete(node.path);
      return;
    }
    node.row = after;
    node.version++;
    if (after.type !== "directory") this.#forget(node);
    if (isKnown) return;
    siblings.splice(placeOf(siblings, after.name), 0, node);
    this.#nodes.set(node.path, node);
  }

  /** Many changes at once: the children are put together anew. */
  #replace(directory: Node, updates: readonly Update[]): void {
    const children = new Set(directory.children);
    for (const { node, after } of updates) {
      if (after === null || after.type !== "directory") this.#forget(node);
      if (after === null) {
        children.delete(node);
        this.#nodes.delete(node.path);
      } else {
        node.row = after;
        node.version++;
        children.add(node);
        this.#nodes.set(node.path, node);
      }
    }
    directory.children = [...children].sort((a, b) => (a.row.name < b.row.name ? -1 : 1));
  }

  /** What was read below a directory is no longer known. */
  #forget(node: Node): void {
    for (const child of node.children ?? []) {
      this.#forget(child);
      this.#nodes.delete(child.path);
    }
    node.children = null;
    node.isOpen = node === this.root;
  }

  #list(): void {
    const visible: Node[] = [];
    collect(this.root, visible);
    this.visible = visible;
    this.#changed();
  }
}

function makeNode(parent: Node | null, row: RowMessage): Node {
  const path = parent === null ? "" : joined(parent.path, row.name);
  return { path, level: parent === null ? 0 : parent.level + 1, parent, row, isOpen: false, children: null, missing: 0, version: 0 };
}

function collect(node: Node, into: Node[]): void {
  if (!node.isOpen) return;
  for (const child of node.children ?? []) {
    into.push(child);
    collect(child, into);
  }
}

/** Where a name stands, or would, by halves: directories may be large. */
function placeOf(siblings: readonly Node[], name: Name): number {
  let low = 0;
  let high = siblings.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (siblings[middle]!.row.name < name) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What decides on the content of a merged directory: the layers that it is merged from, and how. */
function mergeOf(row: RowMessage): string {
  return JSON.stringify(row.cells.filter(({ type }) => type === "directory").map(({ layer, shown, marks }) => [layer, shown, marks]));
}

async function readAll(directory: Node): Promise<RowMessage[]> {
  const rows: RowMessage[] = [];
  for (let more = true; more;) {
    const part = await askDirectory(directory.path, rows.length);
    rows.push(...part.rows);
    more = part.more && part.rows.length > 0;
  }
  return rows;
}
