/**
 * The program `ovlfs`: reads its words and does what they say. What a mount needs is one bundle, loaded at once;
 * commands that look at overlays are loaded when they are asked for (commands.ts). Whatever fails ends in one sentence
 * and an exit status.
 */
import type { Bytes } from "../sys/bytes.js";
import { findCommand, runCommand } from "./commands.js";
import { parseCommand, type Command } from "./command-line.js";
import { runInDaemon } from "./daemon.js";
import { sentence, statusOfFailure } from "./failure.js";
import { helpText } from "./help.js";
import { becomeLauncher } from "./launcher.js";
import { serve } from "./serve.js";
import { umount } from "./umount.js";
import { versionText } from "./version.js";
import { commandWords, DAEMON } from "./words.js";

/** Does what the words of the command line say. */
export async function main(): Promise<void> {
  const words = commandWords();
  if (words[0] === DAEMON) return runInDaemon(words.slice(1));
  try {
    const entry = findCommand(words[0]);
    if (entry === undefined) await run(parseCommand(words), words);
    else process.exitCode = await runCommand(entry, words.slice(1));
  } catch (error) {
    process.stderr.write(`ovlfs: ${sentence(error)}\n`);
    process.exitCode = statusOfFailure(words);
  }
}

async function run(command: Command, words: readonly Bytes[]): Promise<void> {
  switch (command.kind) {
    case "version":
      process.stdout.write(versionText());
      return;
    case "help":
      process.stdout.write(helpText(command.topic));
      return;
    case "umount":
      await umount(command);
      return;
    case "mount":
      if (!command.foreground) return becomeLauncher([DAEMON, ...words]);
      await serve(command, () => undefined);
      process.exit(0);
      break;
    case "nothing":
      return;
  }
}
