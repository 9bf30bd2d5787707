#!/usr/bin/env node
/**
 * The program `ovlfs`: reads its words and does what they say. Each command loads only what it needs, so that
 * starting the daemon costs no more than that. Whatever fails ends in one sentence and exit status 1, or the one
 * that mount(8) expects of its helpers.
 */
import { findCommand, runCommand } from "./commands.js";
import { parseCommand, type Command } from "./command-line.js";
import { MOUNT_FAILURE } from "./mount-helper.js";
import { sentence } from "./sentence.js";
import { commandWords } from "./words.js";

async function run(command: Command): Promise<void> {
  switch (command.kind) {
    case "version":
      process.stdout.write((await import("./version.js")).versionText());
      return;
    case "help":
      process.stdout.write((await import("./help.js")).helpText(command.topic));
      return;
    case "umount":
      await (await import("./umount.js")).umount(command);
      return;
    case "mount":
      if (!command.foreground) return (await import("./mount.js")).mountInDaemon(command);
      await (await import("./serve.js")).serve(command, () => undefined);
      process.exit(0);
      break;
    case "nothing":
      return;
  }
}

const words = commandWords();
try {
  const entry = findCommand(words[0]);
  if (entry === undefined) await run(parseCommand(words));
  else process.exitCode = await runCommand(entry, words.slice(1));
} catch (error) {
  process.stderr.write(`ovlfs: ${sentence(error)}\n`);
  process.exitCode = words[0] === "mount-helper" ? MOUNT_FAILURE : 1;
}
