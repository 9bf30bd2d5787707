/**
 * The page of `ovlfs explore`: asks what the overlay is made of, shows its tree, and keeps both up to date with what
 * the server tells. It only asks; there is nothing that it could change.
 */
import type { OverviewMessage } from "../messages.js";
import { byId } from "./elements.js";
import { EventList } from "./event-list.js";
import { Explanation } from "./explanation.js";
import { Following } from "./following.js";
import { Grid } from "./grid.js";
import { Keys } from "./keys.js";
import { Motion } from "./motion.js";
import { shown } from "./names.js";
import { askOverview, listen } from "./server.js";
import { Tree, type Node } from "./tree.js";

class Page {
  readonly #overview: OverviewMessage;
  readonly #tree: Tree;
  readonly #grid: Grid;
  readonly #explanation: Explanation;
  readonly #following: Following;

  constructor(overview: OverviewMessage) {
    this.#overview = overview;
    this.#tree = new Tree(() => this.#redraw());
    this.#grid = new Grid(this.#tree, overview.layers);
    this.#explanation = new Explanation(overview.layers);
    this.#following = new Following({
      layers: overview.layers, tree: this.#tree, grid: this.#grid, motion: new Motion(this.#grid), explanation: this.#explanation,
      events: new EventList((path) => void this.#goTo(path)),
      isWanted: () => (byId("follow") as HTMLInputElement).checked,
    });
    new Keys(this.#tree, this.#grid, (node) => this.#activate(node));
  }

  async start(): Promise<void> {
    const { merged, what, live, liveWords } = this.#overview;
    byId("where").textContent = merged === null ? what : `${shown(merged)} · ${what}`;
    document.title = `${merged === null ? "layers" : shown(merged)} – ovlfs explore`;
    this.#watchPointer();
    byId("reload").addEventListener("click", () => void this.#following.lookAgain());
    document.addEventListener("keydown", (event) => {
      if (event.key === "r" && !event.ctrlKey && !event.metaKey && event.target === document.body) void this.#following.lookAgain();
    });
    await this.#tree.open(this.#tree.root);
    const asked = await this.#tree.reveal(this.#overview.start);
    if (asked !== undefined) await this.#tree.open(asked);
    const first = asked === undefined || asked === this.#tree.root ? this.#tree.visible[0] : asked;
    if (first !== undefined) this.#activate(first);
    let wasConnected = false;
    let ended: string | undefined;
    const say = (isConnected: boolean): void => {
      if (!isConnected) sayLive("lost", "the connection to ovlfs explore is lost; it may have ended");
      else if (ended !== undefined) sayLive("lost", ended);
      else sayLive(live, liveWords);
    };
    listen((event) => {
      this.#following.hear(event);
      if (event.kind !== "ended") return;
      ended = event.words;
      say(true);
    }, (isConnected) => {
      say(isConnected);
      // What happened in between nobody told.
      if (isConnected && wasConnected) void this.#following.lookAgain();
      wasConnected ||= isConnected;
    });
  }

  #redraw(): void {
    this.#grid.draw();
  }

  #watchPointer(): void {
    const { element } = this.#grid;
    element.addEventListener("pointerover", (event) => {
      const node = this.#grid.nodeAt(event.target);
      if (node !== undefined) this.#explanation.show(node.path);
    });
    element.addEventListener("pointerleave", () => this.#explanation.show(this.#grid.active?.path));
    element.addEventListener("click", (event) => {
      const node = this.#grid.nodeAt(event.target);
      if (node === undefined) return;
      this.#activate(node);
      if (node.isOpen) this.#tree.close(node);
      else void this.#tree.open(node);
    });
  }

  #activate(node: Node): void {
    this.#grid.active = node;
    this.#grid.scrollTo(node);
    this.#explanation.show(node.path);
  }

  async #goTo(path: string): Promise<void> {
    const node = await this.#tree.reveal(path);
    if (node === undefined) return;
    this.#grid.element.focus();
    this.#activate(node);
  }
}

function sayLive(kind: string, words: string): void {
  byId("live").dataset["kind"] = kind;
  byId("live-words").textContent = words;
}

try {
  await new Page(await askOverview()).start();
} catch (error) {
  sayLive("lost", error instanceof Error ? error.message : String(error));
}
