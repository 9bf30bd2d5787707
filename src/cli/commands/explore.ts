/** `ovlfs explore`: serves the page on loopback until it is interrupted. */
import { once } from "node:events";
import { startExplorer, type Explorer } from "../../explore/explore.js";
import type { FoundOverlay } from "../../inspect/index.js";
import { display, type Bytes } from "../../sys/bytes.js";
import { TARGET_HELP, TARGET_USAGE, TargetWords } from "../target-words.js";
import { UsageError } from "../usage-error.js";
import { unknownOption, WordReader } from "../word-reader.js";

export const help = `usage: ovlfs explore [--port N] ${TARGET_USAGE}

Serves a page on this machine that shows the merged tree, what each layer has beside it, why each name is what it is,
and changes as they happen; it opens at PATH, which may be left out where layers are named. Prints the address to open
in a browser; it has a token, without which nothing is answered. The page can change nothing. Ends with Ctrl-C.

  --port N                      listen on port N of 127.0.0.1; otherwise on one that is free

${TARGET_HELP}`;

interface Asked {
  readonly found: FoundOverlay;
  readonly port: number;
}

export async function run(words: readonly Bytes[]): Promise<number> {
  const { found, port } = parse(words);
  const explorer = await start(found, port);
  const interrupted = Promise.race(["SIGINT", "SIGTERM", "SIGHUP"].map((signal) => once(process, signal)));
  process.stdout.write(`${explorer.address}\nOpen it in a browser on this machine; Ctrl-C ends it.\n`);
  await interrupted;
  explorer.close();
  return 0;
}

async function start(found: FoundOverlay, port: number): Promise<Explorer> {
  try {
    return await startExplorer(found, port);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code !== "EADDRINUSE" && code !== "EACCES") throw error;
    throw new UsageError(`port ${port} cannot be used (${code}); choose another by --port, or leave it out`);
  }
}

function parse(words: readonly Bytes[]): Asked {
  const reader = new WordReader(words);
  const target = new TargetWords();
  const plain: Bytes[] = [];
  let hasLayers = false;
  let port = 0;
  for (let item = reader.read(); item !== undefined; item = reader.read()) {
    if ("plain" in item) plain.push(item.plain);
    else if (item.option === "--port") port = portOf(reader.value(item, "N"));
    else if (target.take(reader, item)) hasLayers = true;
    else throw unknownOption(item.option, "explore");
  }
  const [path, extra] = plain;
  if (extra !== undefined) throw new UsageError(`there is one word too many: '${display(extra)}'; explore one overlay at a time`);
  if (path === "" || (path === undefined && !hasLayers)) {
    throw new UsageError("no overlay is named; name a path in a mounted one, or its layers by --lower and --upper");
  }
  return { found: target.find(path ?? "/" as Bytes), port };
}

function portOf(word: Bytes): number {
  const port = /^[0-9]{1,5}$/.test(word) ? Number(word) : 0;
  if (port < 1 || port > 65535) throw new UsageError(`'${display(word)}' is no port; write a number from 1 to 65535 behind --port`);
  return port;
}
