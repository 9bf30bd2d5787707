/** Shows how the overlay comes to what it shows under a name: the answer of `ovlfs explain`, layer by layer. */
import type { ExplanationMessage, LayerMessage, Name, StepMessage } from "../messages.js";
import { tintOf } from "./chips.js";
import { byId, element } from "./elements.js";
import { shown } from "./names.js";
import { askExplanation, NoAnswer } from "./server.js";

/** The pointer may only pass over a row, in milliseconds. */
const REST = 90;

export class Explanation {
  readonly #body = byId("explanation-body");
  readonly #layers: readonly LayerMessage[];
  #path: Name | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking = new AbortController();

  constructor(layers: readonly LayerMessage[]) {
    this.#layers = layers;
  }

  get path(): Name | undefined {
    return this.#path;
  }

  /** Explains `path`, soon; nothing where that is undefined. */
  show(path: Name | undefined, wait = REST): void {
    if (path === this.#path && wait > 0) return;
    this.#path = path;
    clearTimeout(this.#timer);
    this.#asking.abort();
    if (path !== undefined) this.#timer = setTimeout(() => void this.#ask(path), wait);
  }

  /** What is explained may have changed. */
  renew(path: Name): void {
    if (path === this.#path) this.show(path, 0);
  }

  async #ask(path: Name): Promise<void> {
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const answer = await askExplanation(path, asking.signal);
      if (!asking.signal.aborted) this.#fill(path, answer);
    } catch (error) {
      if (asking.signal.aborted) return;
      if (!(error instanceof NoAnswer)) throw error;
      this.#body.replaceChildren(element("p", "answer", error.message));
    }
  }

  #step({ layer, last, text, evidence, consequence }: StepMessage): HTMLElement {
    const labels = [layer, ...(layer === last ? [] : [last])].map((position) => this.#layers[position]?.label ?? "");
    const item = element("li", tintOf(this.#layers, layer), element("span", "layer", labels.join(" to ")), element("span", "step", text));
    for (const mark of evidence) item.append(element("code", "evidence", mark));
    if (consequence !== null) item.append(element("span", "consequence", consequence));
    return item;
  }

  #fill(path: Name, { answer, steps }: ExplanationMessage): void {
    const list = element("ol", "steps", ...steps.map((step) => this.#step(step)));
    this.#body.replaceChildren(element("p", "path", element("bdi", "", `/${shown(path)}`)), element("p", "answer", answer), list);
  }
}
