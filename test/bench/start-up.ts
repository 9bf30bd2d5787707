/**
 * The command `scripts/start-up`: how long it takes from starting a program until it has ended and the mount answers.
 * All are measured in turn, each on layers of its own; between two of them nothing stays mounted and no daemon lives.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { mustRun, processesNaming, waitUntil } from "../harness/processes.js";
import { installed } from "./programs.js";
import { median, rotated } from "./statistics.js";
import { markdownTable, milliseconds } from "./table.js";

const USAGE = `Usage: scripts/start-up [--rounds N] [--also NAME=PROGRAM]...
Measures the time from starting a program to a mount that answers. Needs root.
  --rounds N             how often (25); the table has the medians
  --also NAME=PROGRAM    one more: an ovlfs launcher, a main.js, or what else takes '-o OPTIONS MERGED'
`;

const ROOT = join(import.meta.dirname, "../..");
/** Without the certificates that some have Node read at each start; ovlfs leaves them out by itself. */
const ENVIRONMENT = { ...process.env, NODE_EXTRA_CA_CERTS: undefined };
const OPTIONS = "lowerdir=lower,upperdir=upper,workdir=work";

interface Candidate {
  readonly name: string;
  /** What is run; null for a program that mounts nothing. */
  readonly words: (merged: string) => readonly string[];
  readonly mounts: boolean;
}

const mounting = (name: string, ...program: readonly string[]): Candidate =>
  ({ name, words: (merged) => [...program, "-o", OPTIONS, merged], mounts: true });

/** A copy of the package in `place` without some of its files. */
function copyWithout(place: string, name: string, files: readonly string[]): string {
  const copy = join(place, name);
  for (const directory of ["dist", "build/Release"]) cpSync(join(ROOT, directory), join(copy, directory), { recursive: true });
  for (const file of files) rmSync(join(copy, file));
  return join(copy, "build/Release/ovlfs");
}

function candidates(place: string, also: readonly Candidate[]): Candidate[] {
  return [
    ...(installed("fuse-overlayfs") ? [mounting("fuse-overlayfs", "fuse-overlayfs")] : []),
    { name: "Node.js alone, an empty script", words: () => [process.execPath, "-e", "0"], mounts: false },
    mounting("ovlfs", join(ROOT, "build/Release/ovlfs")),
    mounting("without the kept code", copyWithout(place, "no-code", ["dist/cli/bundle.code"])),
    mounting("and without the bundle", copyWithout(place, "no-bundle", ["dist/cli/bundle.code", "dist/cli/bundle.cjs"])),
    ...also,
  ];
}

/** Milliseconds of one start in `place`. */
function measure({ words, mounts }: Candidate, place: string): number {
  for (const name of ["lower", "upper", "work", "merged"]) mkdirSync(join(place, name), { recursive: true });
  const merged = join(place, "merged");
  const file = join(merged, "file");
  writeFileSync(join(place, "lower/file"), "");
  const [program, ...rest] = words(merged);
  const start = performance.now();
  const { status } = spawnSync(program!, rest, { cwd: place, stdio: "ignore", env: ENVIRONMENT });
  if (mounts && status === 0) statSync(file);
  const time = performance.now() - start;
  if (status !== 0) throw new Error(`${program!} ended with ${status ?? "a signal"}`);
  if (mounts) {
    mustRun("umount", [merged]);
    if (!waitUntil(() => processesNaming(merged).length === 0)) throw new Error(`${program!} does not end`);
  }
  for (const name of ["upper", "work"]) rmSync(join(place, name), { recursive: true });
  return time;
}

function run(rounds: number, also: readonly Candidate[]): void {
  const place = mkdtempSync(join(tmpdir(), "ovlfs-start-up-"));
  try {
    const all = candidates(place, also);
    const times = new Map(all.map((candidate) => [candidate, [] as number[]]));
    // What is read from the disk in the first round is in the kernel's cache in the others.
    for (let round = -1; round < rounds; round++) {
      for (const candidate of rotated(all, round + 1)) {
        const time = measure(candidate, place);
        if (round >= 0) times.get(candidate)!.push(time);
      }
    }
    const rows = all.map((candidate) => {
      const own = times.get(candidate)!;
      return [candidate.name, milliseconds(median(own)), milliseconds(Math.min(...own))];
    });
    process.stdout.write(`${markdownTable([["milliseconds", "median", "least"], ...rows])}\n`);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

function main(words: readonly string[]): void {
  let rounds = 25;
  const also: Candidate[] = [];
  for (let at = 0; at < words.length; at++) {
    const value = words[at + 1] ?? "";
    switch (words[at]) {
      case "--rounds": rounds = Number(value); at++; break;
      case "--also": {
        const [name, program = ""] = value.split("=");
        const own = resolve(program);
        also.push(mounting(name!, ...(own.endsWith(".js") ? [process.execPath, own] : [own])));
        at++;
        break;
      }
      default:
        process.stdout.write(USAGE);
        process.exit(words[at] === "--help" ? 0 : 2);
    }
  }
  if (!(rounds >= 1) || process.getuid?.() !== 0) {
    process.stderr.write(USAGE);
    process.exit(2);
  }
  run(rounds, also);
}

main(process.argv.slice(2));
