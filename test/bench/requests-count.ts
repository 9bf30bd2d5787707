/** Mounts one file system after the other on the same layers and counts the requests of each row's operations. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CLI } from "../harness/mounters.js";
import { Conversation } from "../harness/helpers.js";
import { makePlace, removePlace } from "../harness/places.js";
import { mustRun, run, waitUntil } from "../harness/processes.js";
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
  /** A file for the profile, where there is one. */
  readonly profile: string;
}

export interface Counted {
  /** The requests of each row, in their order. */
  readonly rows: readonly RequestCounts[];
  /** All that the kernel sent, also between the rows. */
  readonly sent: RequestCounts;
  /** What the daemon's own profile says of the same time. */
  readonly profiled?: RequestCounts;
}

export const fileSystems: readonly FileSystem[] = [
  {
    name: "ovlfs",
    mount({ lower, upper, work, merged, profile }) {
      mustRun(process.execPath, [CLI, "mount", "--lower", lower, "--upper", upper, "--work", work, `--profile=${profile}`, merged]);
    },
  },
  {
    name: "fuse-overlayfs",
    mount({ lower, upper, work, merged }) { mustRun("fuse-overlayfs", ["-o", `lowerdir=${lower},upperdir=${upper},workdir=${work}`, merged]); },
  },
];

const FILES_IN_DIRECTORY = 20;
const content = Buffer.alloc(4096, "content\n");

/** Does the operations of the rows that are wanted to as many names. */
export async function countAll(fileSystem: FileSystem, names: number, wanted: (row: Row) => boolean): Promise<Counted> {
  const place = makePlace();
  const at = (name: string): string => join(place, name);
  const layers: Layers = { lower: at("lower"), upper: at("upper"), work: at("work"), merged: at("merged"), profile: at("profile") };
  try {
    for (const directory of [layers.lower, layers.upper, layers.work, layers.merged]) mkdirSync(directory);
    rows.forEach((row, index) => prepare(layers, row, directoryOf(index), names));
    mustRun("cc", ["-O1", "-o", at("requests"), join(import.meta.dirname, "requests.c")]);
    fileSystem.mount(layers);
    return await countMounted(layers, at("requests"), names, wanted);
  } finally {
    run("umount", ["-l", layers.merged]);
    removePlace(place);
  }
}

async function countMounted({ merged, profile }: Layers, program: string, names: number, wanted: (row: Row) => boolean): Promise<Counted> {
  const trace = new RequestTrace(merged);
  try {
    const counted: RequestCounts[] = [];
    for (const [index, row] of rows.entries()) {
      if (wanted(row)) counted.push(await count(trace, row, new Conversation(program, [join(merged, directoryOf(index)), String(names)])));
    }
    mustRun("umount", [merged]);
    const sent = await trace.total();
    if (!existsSync(profile)) return { rows: counted, sent };
    waitUntil(() => readFileSync(profile, "utf8").endsWith("\n\n"));
    return { rows: counted, sent, profiled: readProfile(readFileSync(profile, "utf8")) };
  } finally {
    trace.end();
  }
}

/** The counts of a profile's table; FORGET and INTERRUPT are left out, of which the kernel's trace does not tell. */
function readProfile(text: string): RequestCounts {
  const counts = new Map<string, number>();
  for (const [, kind, count] of text.matchAll(/^([A-Z_0-9]+) +(\d+) /gm)) {
    if (!/FORGET|INTERRUPT/.test(kind!)) counts.set(kind!, Number(count));
  }
  return counts;
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
