/** The results as a picture: a line for each workload, a dot for each mounter at its multiple of the kernel's time. */
import { ratioOf, type Results, type Row } from "./results.js";

const LEFT = 300;
const WIDTH = 900;
const RIGHT = 30;
const TOP = 62;
const LINE = 24;
const SMALLEST = 0.05;
const LARGEST = 64;
const TICKS = [0.0625, 0.125, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64];
const COLOURS = ["#0b66d0", "#7cb3f0", "#d95f02", "#7a5195", "#2a9d57", "#b3901b", "#8c564b"];

export function plot(results: Results): string {
  const rows = results.rows.filter((row) => ratioOf(row, "kernel") !== null && row.limit === null);
  const compared = results.mounters.filter((name) => name !== "kernel");
  const height = TOP + rows.length * LINE + 30;
  const bottom = height - 30;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    text(10, 20, `Time as a multiple of the kernel's overlay (1)${results.unprivileged ? ", in a user namespace" : ""}; left is faster`),
    ...compared.map((name, index) => legend(name, index)),
    targetLegend(20 + compared.length * 145),
    ...TICKS.map((tick) => tickLine(tick, bottom)),
    ...rows.flatMap((row, index) => rowMarks(row, compared, TOP + index * LINE + LINE / 2)),
    "</svg>\n",
  ].join("\n");
}

function place(ratio: number): number {
  const share = Math.log(Math.min(Math.max(ratio, SMALLEST), LARGEST) / SMALLEST) / Math.log(LARGEST / SMALLEST);
  return Math.round((LEFT + share * (WIDTH - LEFT - RIGHT)) * 10) / 10;
}

function legend(name: string, index: number): string {
  const x = 20 + index * 145;
  return `${dot(x, 41, index)}${text(x + 10, 45, name)}`;
}

function targetLegend(x: number): string { return `${mark(x, 41)}${text(x + 10, 45, "target")}`; }

function mark(x: number, y: number, title = ""): string {
  return `<rect x="${x - 1.5}" y="${y - 9}" width="3" height="18" fill="#999">${title === "" ? "" : `<title>${title}</title>`}</rect>`;
}

function tickLine(tick: number, bottom: number): string {
  const x = place(tick);
  const label = tick < 1 ? `1/${1 / tick}` : String(tick);
  return `<line x1="${x}" x2="${x}" y1="${TOP}" y2="${bottom}" stroke="${tick === 1 ? "#333" : "#ddd"}"/>${text(x, bottom + 18, label, "middle")}`;
}

function rowMarks(row: Row, compared: readonly string[], y: number): string[] {
  const target = row.target === null ? "" : mark(place(row.target), y, `target ${row.target}`);
  const dots = compared.map((name, index) => {
    const ratio = ratioOf(row, name);
    return ratio === null ? "" : dot(place(ratio), y, index, `${name}: ${ratio.toFixed(2)}`);
  }).reverse();
  return [`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}" stroke="#eee"/>`, text(LEFT - 12, y + 4, row.title, "end"), target, ...dots];
}

function dot(x: number, y: number, index: number, title = ""): string {
  const radius = index === 0 ? 6.5 : 5;
  return `<circle cx="${x}" cy="${y}" r="${radius}" fill="${COLOURS[index % COLOURS.length]!}">${title === "" ? "" : `<title>${escape(title)}</title>`}</circle>`;
}

function text(x: number, y: number, words: string, anchor = "start"): string { return `<text x="${x}" y="${y}" text-anchor="${anchor}">${escape(words)}</text>`; }

function escape(words: string): string { return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;"); }
