/** `ovlfs trace`: what happens in a mount, while it happens, a line each. */
import { once } from "node:events";
import { bytes, display, type Bytes } from "../../sys/bytes.js";
import { openTrace, type Trace } from "../../trace/client.js";
import { passes, plainPath, type Filter } from "../../trace/filter.js";
import { KINDS, type TraceEvent } from "../../trace/trace-event.js";
import { eventJson, eventLine, timedLine } from "../../trace/words.js";
import { UsageError } from "../usage-error.js";
import { noValue, unknownOption, WordReader } from "../word-reader.js";

export const help = `usage: ovlfs trace [--only KIND[,KIND]...] [--path PATH] [--json | --time] MERGED

Shows what happens in the mount at MERGED, while it happens and until it is unmounted, a line each: what its
users do, and before it what the overlay does for that. For root and for the user who mounted.

  --only KIND[,KIND]...  these alone: ${KINDS.slice(0, 6).join(", ")},
                         ${KINDS.slice(6).join(", ")}
  --path PATH            what is about PATH in the mount, or lies below it
  --json                 a JSON object on each line
  --time                 the time before each line
`;

interface Words {
  readonly mountpoint: Bytes;
  readonly filter: Filter;
  readonly format: (event: TraceEvent) => string;
}

export async function run(words: readonly Bytes[]): Promise<number> {
  const { mountpoint, filter, format } = parse(words);
  const trace = await openTrace(mountpoint);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => trace.close());
  // A reader that has seen enough, as head(1), ends it.
  process.stdout.on("error", () => trace.close());
  process.stderr.write(`tracing ${display(mountpoint)}\n`);
  await print(trace, filter, format);
  return 0;
}

async function print(trace: Trace, filter: Filter, format: (event: TraceEvent) => string): Promise<void> {
  for await (const event of trace) {
    if (!passes(filter, event) || process.stdout.write(`${format(event)}\n`)) continue;
    await Promise.race([once(process.stdout, "drain"), once(process.stdout, "close")]).catch(() => undefined);
  }
}

function parse(words: readonly Bytes[]): Words {
  const reader = new WordReader(words);
  const filter: { only?: ReadonlySet<string>; path?: Bytes } = {};
  const plain: Bytes[] = [];
  let format = eventLine;
  for (let item = reader.read(); item !== undefined; item = reader.read()) {
    if ("plain" in item) {
      plain.push(item.plain);
      continue;
    }
    switch (item.option) {
      case "--only": filter.only = kinds(reader.value(item, "KIND[,KIND]...")); continue;
      case "--path": filter.path = plainPath(reader.value(item, "PATH")); continue;
    }
    noValue(item);
    switch (item.option) {
      case "--json": format = eventJson; break;
      case "--time": format = timedLine; break;
      default: throw unknownOption(item.option, "trace");
    }
  }
  const [mountpoint, extra] = plain;
  if (mountpoint === undefined || mountpoint === "") throw new UsageError("no mount point is given; name the directory of the mount to trace");
  if (extra !== undefined) throw new UsageError(`there is one word too many: '${display(extra)}'; trace one mount at a time`);
  return { mountpoint, filter, format };
}

function kinds(list: Bytes): ReadonlySet<string> {
  const known = new Set<string>(KINDS);
  const wanted = list.split(",").filter((kind) => kind !== "");
  for (const kind of wanted) {
    if (!known.has(kind)) throw new UsageError(`--only ${display(bytes(kind))} is no kind of event; there are ${KINDS.join(", ")}`);
  }
  return new Set(wanted);
}
