/**
 * The parts of Node's own program that serving takes: beyond those of starting above all V8's optimizing compiler. They are
 * mapped once a mount is announced. Otherwise they are read when they are first needed, amid the first requests and from a disk that is
 * busy with what these read; what is mapped stays in memory when caches are dropped. Which they are is found out in a run
 * at the build or at the installation (keep-code.ts), and holds for that very Node alone.
 */
import { closeSync, openSync, readFileSync, readSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { native } from "../sys/native.js";

/** What a build has found out. */
export const NODE_TEXT = fileURLToPath(new URL("node-text.json", import.meta.url));

const PAGE = 4096;
/** Bytes for each page in /proc/self/pagemap, and what the last of them says: in memory, and of a file. */
const ENTRY = 8;
const PRESENT_OF_FILE = 0xa0;

interface Found {
  readonly node: string;
  /** As for native.mapProgramAsync. */
  readonly parts: readonly number[];
}

/** This Node, as against others that its text could be another one's. */
function thisNode(): string {
  return `${process.version} ${process.arch} ${statSync(process.execPath).size}`;
}

/** Maps what was found out for this Node, if anything was; most of it has been mapped by starting. Without it all is only slower, so nothing is said of it. */
export async function mapNodeText(): Promise<void> {
  try {
    const { node, parts } = JSON.parse(readFileSync(NODE_TEXT, "latin1")) as Found;
    if (node === thisNode()) await native.mapProgramAsync(Uint32Array.from(parts));
  } catch {
    // Not built, or not in one piece.
  }
}

/** OVLFS_FIND_TEXT names the file for what this process has mapped when it ends (keep-code.ts). */
export function findNodeText(): void {
  const file = process.env.OVLFS_FIND_TEXT;
  if (file === undefined) return;
  process.on("exit", () => {
    const found: Found = { node: thisNode(), parts: partsOf(mappedPages()) };
    writeFileSync(file, JSON.stringify(found), { mode: 0o600 });
  });
}

/** The pages of the program's file that this process has mapped, counted from where it begins, in ascending order. */
function mappedPages(): number[] {
  const program = readlinkSync("/proc/self/exe", "latin1");
  const lines = readFileSync("/proc/self/maps", "latin1").split("\n").filter((line) => line.endsWith(` ${program}`));
  const begin = placesOf(lines[0]!).first;
  const end = begin + statSync(program).size / PAGE;
  const pages: number[] = [];
  const fd = openSync("/proc/self/pagemap", "r");
  for (const mapping of lines.map(placesOf)) {
    // V8 maps what it needs at hand a second time, far from there.
    if (mapping.first < end) addMapped(pages, fd, begin, mapping);
  }
  closeSync(fd);
  return pages;
}

interface Mapping {
  /** Pages of the address space. */
  readonly first: number;
  readonly end: number;
}

/** Of a line of /proc/self/maps. */
function placesOf(line: string): Mapping {
  const [first, end] = line.split(/[- ]/, 2).map((address) => parseInt(address, 16) / PAGE);
  return { first: first!, end: end! };
}

function addMapped(pages: number[], pagemap: number, begin: number, { first, end }: Mapping): void {
  const entries = Buffer.alloc((end - first) * ENTRY);
  const length = readSync(pagemap, entries, 0, entries.length, first * ENTRY);
  for (let at = 0; at * ENTRY < length; at++) {
    const flags = entries[at * ENTRY + ENTRY - 1]! & PRESENT_OF_FILE;
    if (flags === PRESENT_OF_FILE) pages.push(first + at - begin);
  }
}

/** Pages that follow one another as parts. */
function partsOf(pages: readonly number[]): number[] {
  const parts: number[] = [];
  for (const page of pages) {
    if (parts.at(-2)! + parts.at(-1)! === page) parts[parts.length - 1]!++;
    else parts.push(page, 1);
  }
  return parts;
}
