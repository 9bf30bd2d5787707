/** The command `scripts/requests`: requests per operation of ovlfs and, counted in the same way, of fuse-overlayfs. */
import { run } from "../harness/processes.js";
import { countAll, fileSystems, type Counted } from "./requests-count.js";
import { rows, type Row } from "./requests-rows.js";
import type { RequestCounts } from "./requests-trace.js";

const USAGE = `Usage: scripts/requests [--count N] [--only TEXT] [--json]
Counts the requests that each operation costs, by the kernel's tracepoints. Needs root, tracefs and cc.
  --count N     names that each operation is done to (50)
  --only TEXT   the operations whose description has TEXT in it
  --json        counts of all names, by file system and operation
`;

interface Arguments {
  count: number;
  only: string;
  json: boolean;
}

class WrongArguments extends Error {
  override readonly name = "WrongArguments";
}

function parse(words: readonly string[]): Arguments | "help" {
  const given: Arguments = { count: 50, only: "", json: false };
  for (let at = 0; at < words.length; at++) {
    switch (words[at]) {
      case "--help": return "help";
      case "--json": given.json = true; break;
      case "--only": given.only = words[++at] ?? ""; break;
      case "--count":
        given.count = Number(words[++at]);
        if (!Number.isSafeInteger(given.count) || given.count < 1) throw new WrongArguments("--count needs a number of one or more");
        break;
      default: throw new WrongArguments(`unknown word '${words[at]}'`);
    }
  }
  return given;
}

/** For example `3: LOOKUP, CREATE, WRITE`, or `1.02: GETATTR 1.02`. */
function describe(counts: RequestCounts, names: number): string {
  const kinds = [...counts].map(([kind, count]) => [kind, count / names] as const).sort(([, one], [, other]) => other - one);
  const total = kinds.reduce((sum, [, count]) => sum + count, 0);
  const parts = kinds.map(([kind, count]) => count === 1 ? kind : `${kind} ${short(count)}`);
  return `${short(total)} | ${parts.join(", ")}`;
}

/** Whether the two ways to count agree. */
function compare(name: string, sent: RequestCounts, profiled: RequestCounts): string {
  const sum = (counts: RequestCounts): number => [...counts.values()].reduce((one, other) => one + other, 0);
  const kinds = [...new Set([...sent.keys(), ...profiled.keys()])].filter((kind) => sent.get(kind) !== profiled.get(kind));
  const differences = kinds.map((kind) => `${kind} ${sent.get(kind) ?? 0} and ${profiled.get(kind) ?? 0}`);
  return `In all the kernel sent ${sum(sent)} requests, and the profile of ${name} counted ${sum(profiled)}`
    + (differences.length === 0 ? ", kind by kind the same." : ` (${differences.join(", ")}).`);
}

function short(count: number): string { return String(Number(count.toFixed(2))); }

async function main({ count, only, json }: Arguments): Promise<void> {
  const present = fileSystems.filter(({ name }) => name === "ovlfs" || run(name, ["--version"]).status === 0);
  const wanted = (row: Row): boolean => row.name.includes(only);
  const counted = new Map<string, Counted>();
  for (const fileSystem of present) counted.set(fileSystem.name, await countAll(fileSystem, count, wanted));

  const names = rows.filter(wanted).map(({ name }) => name);
  if (json) {
    const byOperation = (counts: readonly RequestCounts[]): unknown => Object.fromEntries(names.map((name, index) => [name, Object.fromEntries(counts[index]!)]));
    console.log(JSON.stringify({ names: count, requests: Object.fromEntries([...counted].map(([name, { rows }]) => [name, byOperation(rows)])) }, null, 2));
    return;
  }
  console.log(`| operation | ${present.map(({ name }) => `${name} | kinds`).join(" | ")} |`);
  console.log(`| --- |${" ---: | --- |".repeat(present.length)}`);
  names.forEach((name, index) => console.log(`| ${name} | ${[...counted.values()].map(({ rows }) => describe(rows[index]!, count)).join(" | ")} |`));
  for (const [name, { sent, profiled }] of counted) if (profiled !== undefined) console.log(`\n${compare(name, sent, profiled)}`);
}

try {
  const given = parse(process.argv.slice(2));
  if (given === "help") console.log(USAGE);
  else await main(given);
} catch (error) {
  if (!(error instanceof WrongArguments)) throw error;
  console.error(`${error.message}\n\n${USAGE}`);
  process.exitCode = 2;
}
