/** `ovlfs tour`: reads its words, and gives the tour what belongs to the command line: this program, the terminal. */
import { chapters } from "../../tour/chapters/index.js";
import type { Chapter } from "../../tour/lesson.js";
import { Style } from "../../tour/style.js";
import { tour } from "../../tour/tour.js";
import { display, toText, type Bytes } from "../../sys/bytes.js";
import { readMountTable } from "../../sys/mount-table.js";
import { takesColours } from "../output/colours.js";
import { programWords } from "../program-words.js";
import { UsageError } from "../usage-error.js";
import { noValue, unknownOption, WordReader } from "../word-reader.js";

export const help = `usage: ovlfs tour [--auto] [--chapter N[,N]...] [--kernel] [--list]

A guided lesson on OverlayFS: makes layers of its own in a temporary directory, mounts them, and shows for
each command what it did in merged, upper, lower and work, and why. Each step is checked as it is done: one
that does not do what the lesson says ends the tour with exit status 1, and a tour that ends with 0 has proved
all that it said. However it ends, nothing of it is left.

Enter or space runs the command shown, q quits.

  --auto              run through without keys
  --chapter N[,N]...  these chapters alone; each stands by itself
  --kernel            the same lesson on the kernel's overlay, which takes root
  --list              list the chapters
`;

interface Words {
  auto: boolean;
  kernel: boolean;
  list: boolean;
  chapters: readonly (readonly [number, Chapter])[];
}

export async function run(words: readonly Bytes[]): Promise<number> {
  const asked = parse(words);
  if (asked.list) {
    process.stdout.write(asked.chapters.map(([number, { title }]) => `${String(number).padStart(2)}  ${title}\n`).join(""));
    return 0;
  }
  if (!asked.auto && !(process.stdin.isTTY && process.stdout.isTTY)) {
    throw new UsageError("the tour reads keys from a terminal, and this is none; add --auto to run through without keys");
  }
  if (asked.kernel && process.geteuid!() !== 0) throw new UsageError("--kernel needs root, which alone mounts the kernel's overlay; leave it out");
  return tour({
    chapters: asked.chapters,
    mounter: asked.kernel ? "kernel" : "ovlfs",
    program: programWords(),
    mountpoints: () => readMountTable().map(({ mountpoint }) => toText(mountpoint)),
    output: process.stdout,
    keys: asked.auto ? undefined : process.stdin,
    style: new Style(columns(), takesColours(process.stdout)),
  });
}

/** The width to print in. Some terminals don't know theirs and say 0. */
function columns(): number {
  return process.stdout.isTTY && process.stdout.columns > 0 ? Math.max(process.stdout.columns, 40) : 80;
}

function parse(words: readonly Bytes[]): Words {
  const reader = new WordReader(words);
  const found: Words = { auto: false, kernel: false, list: false, chapters: chapters.map((chapter, i) => [i + 1, chapter] as const) };
  for (let item = reader.read(); item !== undefined; item = reader.read()) {
    if ("plain" in item) throw new UsageError(`there is one word too many: '${display(item.plain)}'; 'ovlfs tour' takes options only`);
    if (item.option === "--chapter") {
      found.chapters = chosen(reader.value(item, "N[,N]..."));
      continue;
    }
    noValue(item);
    switch (item.option) {
      case "--auto": found.auto = true; break;
      case "--kernel": found.kernel = true; break;
      case "--list": found.list = true; break;
      default: throw unknownOption(item.option, "tour");
    }
  }
  return found;
}

function chosen(value: Bytes): Words["chapters"] {
  return value.split(",").map((word) => {
    const number = /^\d+$/.test(word) ? Number(word) : 0;
    const chapter = chapters[number - 1];
    if (chapter === undefined) throw new UsageError(`there is no chapter '${display(word as Bytes)}'; give numbers from 1 to ${chapters.length}`);
    return [number, chapter] as const;
  });
}
