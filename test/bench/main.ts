/** The benchmark: rows one after the other, and in each row the rounds, and in each round the mounters in turn. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { dirname, join } from "node:path";
import { parseArguments, selects, USAGE, WrongArguments, type Arguments } from "./arguments.js";
import { writeDocs } from "./docs.js";
import { Ground, Sizes, Unavailable } from "./ground.js";
import { MEMORY_HEADINGS, MEMORY_ID, measureMemory, memoryRows, type Memory } from "./memory.js";
import { measure } from "./measure.js";
import { FLOOR, floorOf, mounters, ovlfsOf, unmountAll, type Mounter } from "./mounters.js";
import { compile, dropCachesUnavailable } from "./programs.js";
import { plot } from "./plot.js";
import { merged, type Results, type Row } from "./results.js";
import { rotated } from "./statistics.js";
import { line } from "./table.js";
import { workloads, type Workload } from "./workloads.js";

const IN_NAMESPACE = "OVLFS_BENCH_IN_NAMESPACE";

async function main(): Promise<void> {
  const given = parseArguments(process.argv.slice(2));
  if (given === "help") return void process.stdout.write(USAGE);
  const rows = workloads.filter(({ id }) => selects(given.only, id));
  if (given.list) return print([...rows, { id: MEMORY_ID, title: "memory of the daemons" }].map(({ id, title }) => `${id.padEnd(24)}${title}`).join("\n"));
  if (given.from.length > 0) return take(given);
  if (rows.length === 0 && !selects(given.only, MEMORY_ID)) throw new WrongArguments("--only selects none of what --list lists");
  if (given.unprivileged && process.env[IN_NAMESPACE] === undefined) return enterNamespace();
  const unable = dropCachesUnavailable();
  if (unable !== null) throw new WrongArguments(unable);
  const directory = mkdtempSync(join(given.directory ?? "/var/tmp", "ovlfs-bench-"));
  const many = given.size === "full" ? 1_000_000 : 100_000 * given.factor;
  const ground = new Ground(directory, join(directory, "workload"), new Sizes(given.factor, many), given.unprivileged);
  cleanUpAtEnd(ground);
  compile("workload.c", ground.program);
  report(await measureAll(rows, given, ground), given);
  const changed = await ground.changedLayers();
  if (changed.length > 0) throw new Error(`lower layers were changed: ${changed.join(" ")}`);
  print("The lower layers are as they were.");
}

/** The figures of earlier runs. */
function take(given: Arguments): void {
  const taken = merged(given.from.map((path) => JSON.parse(readFileSync(path, "utf8")) as Results));
  const order = (row: Row): number => workloads.findIndex(({ id }) => id === row.id);
  const results = { ...taken, rows: taken.rows.toSorted((left, right) => order(left) - order(right)) };
  print(line(null, results.mounters));
  for (const row of results.rows) print(line(row, results.mounters));
  printMemory(results.memory);
  report(results, given);
}

function report(results: Results, given: Arguments): void {
  mkdirSync(dirname(given.json), { recursive: true });
  writeFileSync(given.json, `${JSON.stringify(results, null, 2)}\n`);
  const picture = given.json.replace(/(\.json)?$/, ".svg");
  writeFileSync(picture, plot(results));
  if (given.docs) writeDocs(results);
  print(`\nFigures: ${given.json}, ${picture}${given.docs ? ", docs/performance.md" : ""}`);
}

async function measureAll(rows: readonly Workload[], given: Arguments, ground: Ground): Promise<Results> {
  const compared = chosen(given, ground.directory);
  const names = compared.filter(({ onlyUnsynced }) => onlyUnsynced !== true || rows.some(({ unsynced }) => unsynced === true)).map(({ name }) => name);
  const head = {
    date: new Date().toISOString(), system: describeSystem(ground.directory), mounters: names,
    rounds: given.rounds, size: given.size, unprivileged: given.unprivileged,
  };
  print(`${head.system}; medians of ${head.rounds}; size ${head.size}${head.unprivileged ? "; in a user namespace" : ""}\n`);
  print(line(null, names));
  const measured: Row[] = [];
  for (const workload of rows) {
    const row = await measureRow(workload, compared, given, ground);
    measured.push(row);
    print(line(row, names));
    for (const reason of new Set(Object.values(row.skipped))) print(`    ${Object.keys(row.skipped).filter((name) => row.skipped[name] === reason).join(", ")}: ${reason}`);
  }
  return { ...head, rows: measured, memory: selects(given.only, MEMORY_ID) ? await measureMemories(compared, ground) : [] };
}

async function measureMemories(compared: readonly Mounter[], ground: Ground): Promise<Memory[]> {
  const memories: Memory[] = [];
  for (const mounter of compared.filter(({ daemon, onlyUnsynced }) => daemon && onlyUnsynced !== true)) {
    try {
      memories.push(await measureMemory(mounter, ground));
    } catch (error) {
      print(`    memory of ${mounter.name}: FAILED: ${(error as Error).message}`);
      process.exitCode = 1;
    }
  }
  printMemory(memories);
  return memories;
}

function printMemory(memories: readonly Memory[]): void {
  if (memories.length === 0) return;
  for (const words of [["", "", "", "", ""], MEMORY_HEADINGS, ...memoryRows(memories)]) {
    print(words.map((word, index) => (index === 0 ? word.padEnd(38) : index === 4 ? ` ${word}` : word.padStart(18))).join("").trimEnd());
  }
}

async function measureRow(workload: Workload, compared: readonly Mounter[], given: Arguments, ground: Ground): Promise<Row> {
  const samples: Record<string, number[]> = {};
  const skipped: Record<string, string> = {};
  const able = compared.filter((mounter) => {
    if (mounter.onlyUnsynced === true && workload.unsynced !== true) return false;
    const reason = workload.needs === undefined ? undefined : mounter.lacks.get(workload.needs);
    if (reason !== undefined) skipped[mounter.name] = reason;
    return reason === undefined;
  });
  try {
    await ground.stack(workload.stack);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    for (const { name } of able.splice(0)) skipped[name] = error.message;
  }
  for (let round = 0; round < given.rounds; round++) {
    for (const mounter of rotated(able, round)) {
      if (skipped[mounter.name] !== undefined) continue;
      try {
        (samples[mounter.name] ??= []).push(await measure(workload, mounter, ground));
      } catch (error) {
        skipped[mounter.name] = `FAILED: ${(error as Error).message.slice(0, 300).split("\n")[0]!}`;
        process.exitCode = 1;
      }
    }
  }
  return { id: workload.id, title: workload.title, target: workload.target ?? null, limit: workload.limit ?? null, samples, skipped };
}

/** `directory` is where a program may be compiled to. */
function chosen(given: Arguments, directory: string): Mounter[] {
  const wanted = given.mounters;
  const floor = join(directory, FLOOR);
  const known = [...mounters, floorOf(floor), ...given.also.map(({ name, main, options }) => ovlfsOf(name, main, options))];
  const wrong = wanted?.find((name) => !known.some((mounter) => mounter.name === name));
  if (wrong !== undefined) throw new WrongArguments(`--mounters: '${wrong}' is none of: ${known.map(({ name }) => name).join(", ")}`);
  if (wanted?.includes(FLOOR)) compile("floor.c", floor);
  const added = given.also.map(({ name }) => name);
  return known.filter((mounter) => {
    const isWanted = wanted === null ? mounter.name !== FLOOR : wanted.includes(mounter.name);
    if (!isWanted && !added.includes(mounter.name)) return false;
    const reason = mounter.unavailable();
    if (reason !== null) print(`without ${mounter.name}: ${reason}`);
    return reason === null;
  });
}

/** Runs this again as root of a user namespace. */
function enterNamespace(): void {
  const words = ["-Urm", join(import.meta.dirname, "../../scripts/bench"), ...process.argv.slice(2)];
  const { status } = spawnSync("unshare", words, { stdio: "inherit", env: { ...process.env, [IN_NAMESPACE]: "1" } });
  process.exitCode = status ?? 1;
}

function cleanUpAtEnd(ground: Ground): void {
  const cleanUp = (): void => {
    unmountAll();
    ground.close();
    rmSync(ground.directory, { recursive: true, force: true });
  };
  process.on("exit", cleanUp);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(1));
}

function describeSystem(directory: string): string {
  const fileSystem = execFileSync("findmnt", ["-n", "-o", "FSTYPE", "-T", directory], { encoding: "utf8" }).trim();
  return `Linux ${release()}, ${cpus().length} processors, Node.js ${process.versions.node}, layers on ${fileSystem}`;
}

function print(text: string): void { process.stdout.write(`${text}\n`); }

try {
  await main();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof WrongArguments ? `${error.message}\n${USAGE}` : (error as Error).stack ?? String(error)}\n`);
  process.exitCode = 1;
}
