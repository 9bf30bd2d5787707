/**
 * The program in the daemon, as the launcher starts it: mounts, answers once on the channel to the waiting launcher
 * (launcher/ovlfs.c), and serves. It holds nothing of whoever started it.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import type { Bytes } from "../sys/bytes.js";
import { native } from "../sys/native.js";
import { findCommand } from "./commands.js";
import { parseCommand, type MountCommand } from "./command-line.js";
import { sentence, statusOfFailure } from "./failure.js";
import { serve } from "./serve.js";

const CHANNEL = 3;
const MOUNTED = 0;
/** In place of a status: these words are not for a daemon. */
const IN_FRONT = 255;

/** The channel takes one answer: the exit status of the launcher, and a sentence where it is not 0. */
class Channel {
  #answered = false;

  answer(status: number, message = ""): void {
    if (this.#answered) return;
    this.#answered = true;
    writeSync(CHANNEL, Buffer.concat([Buffer.of(status), Buffer.from(message)]));
    closeSync(CHANNEL);
  }
}

/** Serves the mount that the words ask for, to its end. */
export async function runInDaemon(words: readonly Bytes[]): Promise<void> {
  const channel = new Channel();
  try {
    const command = mountOf(words);
    leaveStandardInput();
    if (command === null) {
      channel.answer(IN_FRONT);
      return;
    }
    await serve(command, () => {
      native.detach();
      channel.answer(MOUNTED);
    });
    process.exit(0);
  } catch (error) {
    channel.answer(statusOfFailure(words), sentence(error));
    process.exit(1);
  }
}

/** What was to be read there has been read with the words; it may be the caller's terminal. */
function leaveStandardInput(): void {
  closeSync(0);
  // The lowest number that is free.
  openSync("/dev/null", "r");
}

/** Null if the words ask for something else than a mount that stays behind. */
function mountOf(words: readonly Bytes[]): MountCommand | null {
  if (findCommand(words[0]) !== undefined) return null;
  const command = parseCommand(words);
  return command.kind === "mount" && !command.foreground ? command : null;
}
