/**
 * A step as a picture: what the merged directory shows on the left, the layers that it comes from on the right, the
 * upper on top. Lines that came, went or changed are marked as in the tour. Follows the reader's light or dark theme.
 */
import { treeLines } from "../../src/tour/tree-lines.js";
import { Style } from "../../src/tour/style.js";
import type { Scene } from "./scenes.js";

const COLUMNS = 43;
const CHARACTER = 7.25;
const LINE = 17;
const PADDING = 12;
const TITLE = 26;
const GAP = 16;
const PROMPT = 20;
const CARD = COLUMNS * CHARACTER + 2 * PADDING;
const WIDTH = 2 * CARD + 3 * GAP;

/** As in `ovlfs tree --layers`: the upper green, the lowers from blue on. */
const STYLE = `
text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#1f2328;white-space:pre}
.page{fill:#fff}.card{fill:#f6f8fa;stroke-width:1.5}.title{font-weight:700}.came{fill:#1a7f37}.went{fill:#cf222e;text-decoration:line-through}
.changed{fill:#9a6700}.quiet{fill:#656d76}
.merged{stroke:#656d76}.upper{stroke:#1a7f37}.lower1{stroke:#0969da}.lower2{stroke:#8250df}.work{stroke:#afb8c1;stroke-dasharray:4 3}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.page{fill:#0d1117}.card{fill:#161b22}.came{fill:#56d364}.went{fill:#ff7b72}
.changed{fill:#e3b341}.quiet{fill:#8d96a0}.merged{stroke:#8d96a0}.upper{stroke:#3fb950}.lower1{stroke:#58a6ff}.lower2{stroke:#bc8cff}.work{stroke:#484f58}}`;

interface Card { readonly title: string; readonly kind: string; readonly lines: readonly string[] }

export function drawScene(scene: Scene): string {
  const commands = scene.commands.slice(-3);
  const top = GAP + commands.length * PROMPT + GAP / 2;
  const right = layerCards(scene);
  const rightHeight = right.reduce((sum, card) => sum + heightOf(card) + GAP, 0) - GAP;
  const merged = cardOf(scene, "merged", "merged: what is seen", "merged");
  const height = Math.max(rightHeight, heightOf(merged));
  const parts = commands.map((command, i) => text(GAP, GAP + (i + 0.7) * PROMPT, `$ ${command}`, "title"));
  parts.push(draw(merged, GAP, top, heightOf(merged)));
  let y = top;
  for (const card of right) {
    parts.push(draw(card, CARD + 2 * GAP, y, heightOf(card)));
    y += heightOf(card) + GAP;
  }
  const full = top + height + GAP;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${full}" width="${WIDTH}" height="${full}" role="img">\n<title>${escape(scene.step.title)}</title>\n<style>${STYLE}</style>\n<rect class="page" width="100%" height="100%"/>\n${parts.join("\n")}\n</svg>\n`;
}

function layerCards(scene: Scene): Card[] {
  const lowers = scene.lowers.map((name, i) => cardOf(scene, name, `lower ${i + 1}: ${name}`, `lower${i + 1}`));
  return [cardOf(scene, "upper", "upper: takes the changes", "upper"), ...lowers, cardOf(scene, "work", "work: where things are built", "work")];
}

function cardOf({ before, after, step }: Scene, name: string, title: string, kind: string): Card {
  const focus = name === "upper" || name === "work" ? undefined : step.view?.focus;
  const none = new Map<never, never>();
  const lines = treeLines(before.get(name) ?? none, after.get(name) ?? none, { width: COLUMNS, focus }, new Style(80, false));
  return { title, kind, lines: lines.map(withoutHandles) };
}

/** A file handle differs from run to run. */
function withoutHandles(line: string): string {
  return line.replace(/[0-9a-f]{12,}(?:\.\.\.)?/, "(a file handle)");
}

const heightOf = ({ lines }: Card): number => TITLE + lines.length * LINE + PADDING;

function draw({ title, kind, lines }: Card, x: number, y: number, height: number): string {
  const rows = lines.map((line, i) => text(x + PADDING, y + TITLE + (i + 0.7) * LINE, line, classOf(line)));
  return [`<rect class="card ${kind}" x="${x}" y="${y}" width="${CARD}" height="${height}" rx="6"/>`, text(x + PADDING, y + 18, title, "title"), ...rows].join("\n");
}

function classOf(line: string): string {
  switch (line[0]) {
    case "+": return "came";
    case "-": return "went";
    case "~": return "changed";
    default: return /^ *(?:\.\.\. and|\()/.test(line) ? "quiet" : "";
  }
}

function text(x: number, y: number, content: string, kind: string): string {
  return `<text x="${x}" y="${Math.round(y)}"${kind === "" ? "" : ` class="${kind}"`} xml:space="preserve">${escape(content)}</text>`;
}

function escape(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
