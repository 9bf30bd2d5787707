/** The words of the command. */
import { optionSets } from "./option-sets.js";

export interface Arguments {
  readonly seeds: number;
  readonly first: number;
  readonly calls: number;
  readonly sets: readonly string[];
  readonly jobs: number;
  readonly stopAtFirst: boolean;
  readonly shrink: boolean;
}

export const USAGE = `Usage: scripts/differential [OPTION]...
Makes the same random calls on the kernel's overlay and on ovlfs and compares all that can be seen.
  --seeds N          how many seeds of each option set (100)
  --first SEED       the first one (1)
  --calls N          calls a seed (200)
  --options SET      an option set, or several with commas between colons (default), or 'all':
                     ${optionSets.map(({ name }) => name).join(" ")}
  --jobs N           worker processes (2)
  --stop-at-first    end with the first difference
  --no-shrink        print differences as they were found
  --replay SEED      that seed alone, shrunk to a script on standard output
`.replace("several with commas between colons", "several with spaces between");

export class WrongArguments extends Error {
  override readonly name = "WrongArguments";
}

export function parseArguments(words: readonly string[]): Arguments | "help" {
  const given = { seeds: 100, first: 1, calls: 200, sets: ["default"], jobs: 2, stopAtFirst: false, shrink: true };
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    switch (word) {
      case "--help": return "help";
      case "--seeds": given.seeds = count(word, words[++at]); break;
      case "--first": given.first = count(word, words[++at]); break;
      case "--calls": given.calls = count(word, words[++at]); break;
      case "--jobs": given.jobs = count(word, words[++at]); break;
      case "--options": given.sets = setsOf(words[++at]); break;
      case "--stop-at-first": given.stopAtFirst = true; break;
      case "--no-shrink": given.shrink = false; break;
      case "--replay":
        given.first = count(word, words[++at]);
        given.seeds = 1;
        break;
      default: throw new WrongArguments(`unknown word '${word}'`);
    }
  }
  return given;
}

function count(word: string, value: string | undefined): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 1) throw new WrongArguments(`${word} needs a number of one or more`);
  return number;
}

function setsOf(value: string | undefined): string[] {
  const known = optionSets.map(({ name }) => name);
  if (value === "all") return known;
  const wanted = (value ?? "").split(" ").filter((name) => name !== "");
  const wrong = wanted.find((name) => !known.includes(name));
  if (wrong !== undefined || wanted.length === 0) throw new WrongArguments(`--options needs one of: ${known.join(" ")}, or all`);
  return wanted;
}
