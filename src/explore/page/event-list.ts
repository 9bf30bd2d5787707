/** The latest events, newest first; each leads to the name that it is about. */
import type { Name } from "../messages.js";
import { byId, element } from "./elements.js";

const KEPT = 300;

/** At most one event is read out in so many milliseconds. */
const CALM = 1500;

export class EventList {
  readonly #list = byId("events");
  readonly #empty = byId("no-events");
  readonly #announcement = byId("announcement");
  readonly #goTo: (path: Name) => void;
  #written: Name | undefined;
  #lastSaid = -CALM;

  constructor(goTo: (path: Name) => void) {
    this.#goTo = goTo;
  }

  add(verb: string, words: string, path: Name | undefined): void {
    this.#empty.hidden = true;
    // A file that is written piece by piece is one line.
    if (verb === "write" && this.#written === path) this.#list.firstElementChild?.remove();
    this.#written = verb === "write" ? path : undefined;
    const item = element("li", `event verb-${verb}`, element("span", "verb", verb), " ");
    if (path === undefined) item.append(element("span", "event-words", words));
    else {
      const link = element("button", "event-words", element("bdi", "", words));
      link.type = "button";
      link.addEventListener("click", () => this.#goTo(path));
      item.append(link);
    }
    this.#list.prepend(item);
    if (this.#list.children.length > KEPT) this.#list.lastElementChild?.remove();
    const now = performance.now();
    if (now - this.#lastSaid < CALM) return;
    this.#lastSaid = now;
    this.#announcement.textContent = `${verb} ${words}`;
  }
}
