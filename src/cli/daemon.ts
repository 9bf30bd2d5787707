/**
 * The program of the daemon: takes its command from the channel, mounts, answers once on the channel and
 * serves. It holds none of the descriptors of whoever started it.
 */
import { closeSync, readFileSync, writeSync } from "node:fs";
import { native } from "../sys/native.js";
import type { MountCommand } from "./command-line.js";
import { closeInherited } from "./descriptors.js";
import { CHANNEL, type Report } from "./mount.js";
import { sentence } from "./sentence.js";
import { serve } from "./serve.js";

/** The channel to the waiting `ovlfs mount`: one answer goes there, then it is closed. */
class Channel {
  #answered = false;

  answer(report: Report): void {
    if (this.#answered) return;
    this.#answered = true;
    writeSync(CHANNEL, JSON.stringify(report));
    closeSync(CHANNEL);
  }
}

const channel = new Channel();
closeInherited(CHANNEL);
try {
  const command = JSON.parse(readFileSync(CHANNEL, "utf8")) as MountCommand;
  await serve(command, () => {
    native.detach();
    channel.answer({});
  });
  process.exit(0);
} catch (error) {
  channel.answer({ error: sentence(error) });
  process.exit(1);
}
