/** The benchmark: rows one after the other, and in each row the rounds, and in each round the mounters in turn. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { dirname, join } from "node:path";
import { parseArguments, selects, USAGE, WrongArguments, type Arguments } from "./arguments.js";
import { Ground, Sizes } from "./ground.js";
import { measure } from "./measure.js";
import { mounters, ovlfsOf, unmountAll, type Mounter } from "./mounters.js";
import { compileWorkloads, dropCachesUnavailable } from "./programs.js";
import type { Results, Row } from "./results.js";
import { rotated } from "./statistics.js";
import { line } from "./table.js";
import { workloads, type Workload } from "./workloads.js";

const IN_NAMESPACE = "OVLFS_BENCH_IN_NAMESPACE";

async function main(): Promise<void> {
  const given = parseArguments(process.argv.slice(2));
  if (given === "help") return void process.stdout.write(USAGE);
  const rows = workloads.filter(({ id }) => selects(given.only, id));
  if (given.list) return print(rows.map(({ id, title }) => `${id.padEnd(24)}${title}`).join("\n"));
  if (rows.length === 0) throw new WrongArguments(`--only selects none of: ${workloads.map(({ id }) => id).join(" ")}`);
  if (given.unprivileged && process.env[IN_NAMESPACE] === undefined) return enterNamespace();
  const unable = dropCachesUnavailable();
  if (unable !== null) throw new WrongArguments(unable);
  const directory = mkdtempSync(join(given.directory ?? "/var/tmp", "ovlfs-bench-"));
  cleanUpAtEnd(directory);
  const ground = new Ground(directory, compileWorkloads(directory), new Sizes(given.factor));
  const results = await measureAll(rows, given, ground);
  mkdirSync(dirname(given.json), { recursive: true });
  writeFileSync(given.json, `${JSON.stringify(results, null, 2)}\n`);
  const changed = await ground.changedLayers();
  if (changed.length > 0) throw new Error(`lower layers were changed: ${changed.join(" ")}`);
  print(`\nThe lower layers are as they were. Figures: ${given.json}`);
}

async function measureAll(rows: readonly Workload[], given: Arguments, ground: Ground): Promise<Results> {
  const compared = chosen(given);
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
    for (const [name, reason] of Object.entries(row.skipped)) print(`    ${name}: ${reason}`);
  }
  return { ...head, rows: measured };
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
  for (let round = 0; round < given.rounds; round++) {
    for (const mounter of rotated(able, round)) {
      if (skipped[mounter.name] !== undefined) continue;
      try {
        (samples[mounter.name] ??= []).push(await measure(workload, mounter, ground, given.unprivileged));
      } catch (error) {
        skipped[mounter.name] = `FAILED: ${(error as Error).message}`;
        process.exitCode = 1;
      }
    }
  }
  return { id: workload.id, title: workload.title, target: workload.target ?? null, samples, skipped };
}

function chosen(given: Arguments): Mounter[] {
  const known = [...mounters, ...given.also.map(({ name, main, options }) => ovlfsOf(name, main, options))];
  const wanted = given.mounters;
  const wrong = wanted?.find((name) => !known.some((mounter) => mounter.name === name));
  if (wrong !== undefined) throw new WrongArguments(`--mounters: '${wrong}' is none of: ${known.map(({ name }) => name).join(", ")}`);
  const added = given.also.map(({ name }) => name);
  return known.filter((mounter) => {
    if (wanted !== null && !wanted.includes(mounter.name) && !added.includes(mounter.name)) return false;
    const reason = mounter.unavailable();
    if (reason !== null) print(`without ${mounter.name}: ${reason}`);
    return reason === null;
  });
}

/** Runs this again as root of a user namespace. */
function enterNamespace(): void {
  const words = ["-Urm", process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const { status } = spawnSync("unshare", words, { stdio: "inherit", env: { ...process.env, [IN_NAMESPACE]: "1" } });
  process.exitCode = status ?? 1;
}

function cleanUpAtEnd(directory: string): void {
  const cleanUp = (): void => {
    unmountAll();
    rmSync(directory, { recursive: true, force: true });
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
