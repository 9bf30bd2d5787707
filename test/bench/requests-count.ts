/** Mounts one file system after the other on the same layers and counts the requests of each row's operations. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CLI } from "../harness/mounters.js";
import { Conversation } from "../harness/helpers.js";
import { makePlace, removePlace } from "../harness/places.js";
import { mustRun, run } from "../harness/processes.js";
import { rows, type Row } from "./requests-rows.js";
import { RequestTrace, type RequestCounts } from "./requests-trace.js";

export interface FileSystem {
  readonly name: string;
  mount(layers: Layers): void;
}

/** Absolute. */
interface Layers {
  readonly lower: string;
  readonly upper: string;
  readonly work: string;
  readonly merged: string;
}

export const fileSystems: readonly FileSystem[] = [
  {
    name: "ovlfs",
    mount({ lower, upper, work, merged }) { mustRun(process.execPath, [CLI, "mount", "--lower", lower, "--upper", upper, "--work", work, merged]); },
  },
  {
    name: "fuse-overlayfs",
    mount({ lower, upper, work, merged }) { mustRun("fuse-overlayfs", ["-o", `lowerdir=${lower},upperdir=${upper},workdir=${work}`, merged]); },
  },
];

const FILES_IN_DIRECTORY = 20;
const content = Buffer.alloc(4096, "content\n");

/** The requests of each row, in their order. */
export async function countAll(fileSystem: FileSystem, names: number, wanted: (row: Row) => boolean): Promise<RequestCounts[]> {
  const place = makePlace();
  const at = (name: string): string => join(place, name);
  const layers: Layers = { lower: at("lower"), upper: at("upper"), work: at("work"), merged: at("merged") };
  try {
    for (const directory of Object.values(layers)) mkdirSync(directory as string);
    rows.forEach((row, index) => prepare(layers, row, directoryOf(index), names));
    mustRun("cc", ["-O1", "-o", at("requests"), join(import.meta.dirname, "requests.c")]);
    fileSystem.mount(layers);
    return await countMounted(layers.merged, at("requests"), names, wanted);
  } finally {
    run("umount", ["-l", layers.merged]);
    removePlace(place);
  }
}

async function countMounted(merged: string, program: string, names: number, wanted: (row: Row) => boolean): Promise<RequestCounts[]> {
  const trace = new RequestTrace(merged);
  try {
    const all: RequestCounts[] = [];
    for (const [index, row] of rows.entries()) {
      if (wanted(row)) all.push(await count(trace, row, new Conversation(program, [join(merged, directoryOf(index)), String(names)])));
    }
    return all;
  } finally {
    trace.end();
  }
}

async function count(trace: RequestTrace, row: Row, program: Conversation): Promise<RequestCounts> {
  for (const operation of row.before ?? []) await tell(program, operation);
  if (row.cold) dropCaches();
  // What is still to come of all that, such as a RELEASE, is not this row's.
  await trace.counts();
  trace.clear();
  for (const operation of row.counted) await tell(program, operation);
  const counts = await trace.counts();
  await program.end();
  return counts;
}

async function tell(program: Conversation, operation: string): Promise<void> {
  program.say(operation);
  const answer = await program.hear();
  if (answer !== "done") throw new Error(answer);
}

/** What programs have open, such as the directory that they work in, stays. */
function dropCaches(): void {
  mustRun("sync", []);
  writeFileSync("/proc/sys/vm/drop_caches", "3");
}

function directoryOf(index: number): string { return `row${index}`; }

function prepare({ lower, upper }: Layers, row: Row, directory: string, names: number): void {
  mkdirSync(join(lower, directory));
  if (row.prepared === "nothing") return;
  if (row.prepared === "upper") mkdirSync(join(upper, directory));
  for (let name = 0; name < names; name++) {
    const path = join(row.prepared === "upper" ? upper : lower, directory, `n${name}`);
    if (row.prepared !== "directories") {
      writeFileSync(path, content);
      continue;
    }
    mkdirSync(path);
    for (let file = 0; file < FILES_IN_DIRECTORY; file++) writeFileSync(join(path, `file${file}`), content);
  }
}
