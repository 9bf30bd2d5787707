/** Makes elements. Text goes in as text; nothing here, or anywhere in the page, parses markup. */

export function element<K extends keyof HTMLElementTagNameMap>(tag: K, className: string, ...content: (Node | string)[]): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...content);
  return made;
}

/** The element of the page with that id; it is in index.html. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

const NAMESPACE = "http://www.w3.org/2000/svg";

/** Lines on a field of 16 by 16. */
const drawings = {
  twisty: ["m6 4 4 4-4 4"],
  directory: ["M1.500 12.500v-9h4.500l1.500 2h7v7z"],
  file: ["M3.500 1.500h6l3 3v10h-9z", "M9.500 1.500v3h3"],
  symlink: ["M3.500 12.500V9a3 3 0 0 1 3-3h6", "m9.500 3 3 3-3 3"],
  device: ["M2.500 4.500h11v7h-11z", "M5 8h.01M8 8h3"],
  whiteout: ["m4 4 8 8M12 4l-8 8"],
} as const;

export type Drawing = keyof typeof drawings;

export function drawing(name: Drawing, className = "icon"): SVGSVGElement {
  const svg = document.createElementNS(NAMESPACE, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  for (const line of drawings[name]) {
    const path = document.createElementNS(NAMESPACE, "path");
    path.setAttribute("d", line);
    svg.append(path);
  }
  return svg;
}
