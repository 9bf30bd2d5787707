/**
 * The commands that look at an overlay or teach it, by name. Each is a module of `src/cli/commands/` that is loaded
 * only when it is asked for, so that starting a mount never pays for them.
 */
import type { Bytes } from "../sys/bytes.js";

/** What a module of `src/cli/commands/` exports. */
export interface CommandModule {
  /** What `ovlfs NAME --help` prints. */
  readonly help: string;
  /**
   * Does what the words behind the command's name ask for and answers with the exit status. Throws a UsageError, or
   * another Error whose message is the one sentence for the user.
   */
  run(words: readonly Bytes[]): Promise<number>;
}

/** A command as the overview shows it. */
export interface CommandEntry {
  readonly name: string;
  /** The words behind its name, in one line. */
  readonly usage: string;
  load(): Promise<CommandModule>;
}

export const commands: readonly CommandEntry[] = [
  { name: "inspect", usage: "[PATH]", load: () => import("./commands/inspect.js") },
  { name: "which", usage: "[--json] [PATH]", load: () => import("./commands/which.js") },
  { name: "explain", usage: "[--json] [PATH]", load: () => import("./commands/explain.js") },
  { name: "diff", usage: "[--tree | --json] [--content] [--layer LAYER] [PATH]", load: () => import("./commands/diff.js") },
  { name: "tree", usage: "[--layers] [--depth N] [--json] [PATH]", load: () => import("./commands/tree.js") },
  { name: "du", usage: "[--shadowed] [--bytes | --json] [PATH]", load: () => import("./commands/du.js") },
  { name: "install-helper", usage: "[--remove]", load: () => import("./commands/install-helper.js") },
  { name: "tour", usage: "[--auto] [--chapter N[,N]...] [--kernel] [--list]", load: () => import("./commands/tour.js") },
  { name: "trace", usage: "[--only KIND[,KIND]...] [--path PATH] [--json | --time] MERGED", load: () => import("./commands/trace.js") },
  { name: "explore", usage: "[--port N] [--lower DIR[:DIR]... [--upper DIR] [-o OPTIONS]] PATH", load: () => import("./commands/explore.js") },
];

/** The command of that name, unless it is one of the mount's own. */
export function findCommand(name: Bytes | undefined): CommandEntry | undefined {
  return commands.find((entry) => entry.name === name);
}

/** Loads the command and does what its words say, `--help` included; the exit status. */
export async function runCommand(entry: CommandEntry, words: readonly Bytes[]): Promise<number> {
  const module = await entry.load();
  if (words[0] !== "--help" && words[0] !== "-h") return module.run(words);
  process.stdout.write(module.help);
  return 0;
}
