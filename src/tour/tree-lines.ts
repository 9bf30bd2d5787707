/**
 * A picture as lines of text: a tree with what each entry is on disk, its marks below it, and at the margin what the
 * step did to it: `+` came, `-` went, `~` changed.
 */
import { display, type Bytes } from "../sys/bytes.js";
import type { Entry, Picture } from "./picture.js";
import { clip, type Colour, type Style } from "./style.js";

/** Marks that help the overlay itself and hide nothing. */
const BOOKKEEPING = /\.(?:origin|impure|uuid|nlink|upper)$/;

export interface TreeOptions {
  readonly width: number;
  readonly focus?: readonly string[] | undefined;
  readonly allMarks?: boolean | undefined;
}

type Fate = "+" | "-" | "~" | " ";

const COLOURS: Readonly<Record<Fate, Colour | undefined>> = { "+": "green", "-": "red", "~": "yellow", " ": undefined };

/** The lines of `after`, with what was in `before` and is not any more. */
export function treeLines(before: Picture, after: Picture, options: TreeOptions, style: Style): string[] {
  if (!after.has("") && !before.has("")) return ["  (does not exist)"];
  const paths = [...new Set([...before.keys(), ...after.keys()])].filter((path) => path !== "").sort(byComponents);
  const lines: string[] = [];
  const folded = new Map<string, Fate>();
  if (!after.has("")) lines.push(style.paint("red", "- (removed)"));
  else lines.push(...markLines(after.get("")!, -1, options, before.get("")).map((line) => painted(line, style)));
  for (const path of paths) {
    const top = path.split("/")[0]!;
    if (options.focus !== undefined && !options.focus.includes(top)) {
      if (path === top) folded.set(top, fateOf(before.get(path), after.get(path)));
      continue;
    }
    for (const line of entryLines(path, before.get(path), after.get(path), options)) lines.push(painted(line, style));
  }
  if (folded.size > 0) {
    const [fate, ...others] = new Set(folded.values());
    lines.push(painted({ fate: others.length === 0 ? fate! : " ", text: `... and ${folded.size} more` }, style));
  }
  if (lines.length === 0) lines.push(style.paint("dim", "  (empty)"));
  return lines;
}

function byComponents(one: string, other: string): number {
  return one.replaceAll("/", "\0") < other.replaceAll("/", "\0") ? -1 : 1;
}

interface Line { readonly fate: Fate; readonly text: string }

function painted({ fate, text }: Line, style: Style): string {
  const colour = COLOURS[fate];
  const line = `${fate} ${text}`.trimEnd();
  return colour === undefined ? line || " " : style.paint(colour, line);
}

function entryLines(path: string, before: Entry | undefined, after: Entry | undefined, options: TreeOptions): Line[] {
  const entry = after ?? before!;
  const depth = path.split("/").length - 1;
  const name = "  ".repeat(depth) + path.slice(path.lastIndexOf("/") + 1) + (entry.kind === "directory" ? "/" : "");
  const room = options.width - 2;
  const detail = detailOf(entry);
  const left = clip(name, Math.max(8, room - Math.min(detail.length + 1, 20))).padEnd(14);
  const line = { fate: fateOf(before, after), text: clip(detail === "" ? left.trimEnd() : `${left} ${detail}`, room) };
  return after === undefined ? [line] : [line, ...markLines(after, depth, options, before)];
}

function fateOf(before: Entry | undefined, after: Entry | undefined): Fate {
  if (after === undefined) return "-";
  if (before === undefined) return "+";
  const same = before.kind === after.kind && before.mode === after.mode && before.text === after.text && before.size === after.size;
  return same || (before.kind === "directory" && before.mode === after.mode) ? " " : "~";
}

/** What `ls -l` and `cat` would say of it, in few words. */
function detailOf(entry: Entry): string {
  switch (entry.kind) {
    case "directory": return entry.mode === "drwxr-xr-x" ? "" : entry.mode;
    case "symlink": return `-> ${entry.text}`;
    case "whiteout": return `${entry.mode} 0, 0`;
    case "other": return entry.mode;
    case "file": return [entry.mode === "-rw-r--r--" ? "" : entry.mode, fileText(entry), entry.links > 1n ? `(${entry.links} names)` : ""].filter((part) => part !== "").join(" ");
  }
}

function fileText(entry: Entry): string {
  if (entry.size === 0n) return "(empty)";
  return entry.text === "" ? `${entry.size} bytes` : JSON.stringify(entry.text.trimEnd());
}

function markLines(entry: Entry, depth: number, options: TreeOptions, before: Entry | undefined): Line[] {
  return [...entry.marks].filter(([name]) => options.allMarks === true || !BOOKKEEPING.test(name)).map(([name, value]) => {
    const fate: Fate = before === undefined || !before.marks.has(name) ? "+" : before.marks.get(name) === value ? " " : "~";
    return { fate, text: clip(`${"  ".repeat(depth + 1)}${name}=${markText(value)}`, options.width - 2) };
  });
}

/** As getfattr(1) shows values: text in quotes, others in hex. */
function markText(value: Bytes): string {
  return /^[\x20-\x7e]*$/.test(value) ? `"${display(value)}"` : `0x${Buffer.from(value, "latin1").toString("hex")}`;
}
