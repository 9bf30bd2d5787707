/** The words of the command. */
import { resolve } from "node:path";

export interface Also {
  readonly name: string;
  readonly main: string;
  readonly options: readonly string[];
}

export interface Arguments {
  readonly only: readonly string[];
  readonly rounds: number;
  readonly size: string;
  readonly factor: number;
  readonly mounters: readonly string[] | null;
  readonly also: readonly Also[];
  readonly unprivileged: boolean;
  readonly directory: string | null;
  readonly json: string;
  readonly list: boolean;
  readonly docs: boolean;
  readonly from: readonly string[];
}

export const USAGE = `Usage: scripts/bench [OPTION]...
Measures the kernel's overlay, ovlfs and the other union file systems that are installed, in turn, on the same layers.
  --only NAME[,NAME]...   the workloads whose names contain one of these, or match it as a pattern with *
  --rounds N              rounds of each workload; the table has the medians (3)
  --size small|normal|full|FACTOR
                          small is a tenth; full is normal with 1,000,000 files in the memory rows (normal)
  --mounters NAME[,NAME]...
                          of: kernel, ovlfs, ovlfs volatile, fuse-overlayfs, unionfs-fuse, mergerfs (all that are there);
                          and floor, only if named: what FUSE alone costs a daemon in C that does next to nothing
  --also NAME=MAIN.JS[,OPTION]...
                          another build of ovlfs, or this one with options of -o, as one more to compare; may be repeated
  --unprivileged          all in a user namespace
  --dir DIRECTORY         where the layers are made, on the file system to be measured (/var/tmp)
  --json FILE             where the figures go (bench-results/latest.json)
  --from FILE[,FILE]...   measures nothing, but takes the figures of earlier runs together
  --docs                  puts the table and a plot into docs/performance.md
  --list                  only print the names of the workloads
`;

export class WrongArguments extends Error {
  override readonly name = "WrongArguments";
}

const FACTORS = new Map([["small", 0.1], ["normal", 1], ["full", 1]]);

export function parseArguments(words: readonly string[]): Arguments | "help" {
  const given = {
    only: [] as string[], rounds: 3, size: "normal", factor: 1, mounters: null as string[] | null, also: [] as Also[],
    unprivileged: false, directory: null as string | null, json: "bench-results/latest.json", list: false,
    docs: false, from: [] as string[],
  };
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    switch (word) {
      case "--help": return "help";
      case "--only": given.only.push(...value(word, words[++at]).split(",")); break;
      case "--rounds": given.rounds = count(word, words[++at]); break;
      case "--size":
        given.size = value(word, words[++at]);
        given.factor = factor(given.size);
        break;
      case "--mounters": given.mounters = value(word, words[++at]).split(","); break;
      case "--also": given.also.push(also(value(word, words[++at]))); break;
      case "--unprivileged": given.unprivileged = true; break;
      case "--dir": given.directory = resolve(value(word, words[++at])); break;
      case "--json": given.json = value(word, words[++at]); break;
      case "--docs": given.docs = true; break;
      case "--from": given.from.push(...value(word, words[++at]).split(",")); break;
      case "--list": given.list = true; break;
      default: throw new WrongArguments(`unknown word '${word}'`);
    }
  }
  return given;
}

/** Whether `name` is selected: no patterns select all. */
export function selects(patterns: readonly string[], name: string): boolean {
  return patterns.length === 0 || patterns.some((pattern) => {
    if (!pattern.includes("*")) return name.includes(pattern);
    const parts = pattern.split("*").map((part) => part.replace(/[^\w-]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}$`).test(name);
  });
}

function value(word: string, given: string | undefined): string {
  if (given === undefined || given === "") throw new WrongArguments(`${word} needs a value`);
  return given;
}

function count(word: string, given: string | undefined): number {
  const number = Number(given);
  if (!Number.isSafeInteger(number) || number < 1) throw new WrongArguments(`${word} needs a number of one or more`);
  return number;
}

function factor(size: string): number {
  const known = FACTORS.get(size) ?? Number(size);
  if (!(known > 0 && known < Infinity)) throw new WrongArguments("--size needs small, normal, full or a factor");
  return known;
}

function also(given: string): Also {
  const equals = given.indexOf("=");
  const [main, ...options] = given.slice(equals + 1).split(",");
  if (equals < 1 || main === undefined || main === "") throw new WrongArguments("--also needs NAME=MAIN.JS[,OPTION]...");
  return { name: given.slice(0, equals), main: resolve(main), options };
}
