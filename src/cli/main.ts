#!/usr/bin/env node
/** For who has Node run the program: becomes its launcher, so that there is one way in which it starts. */
import { sentence } from "./failure.js";
import { becomeLauncher } from "./launcher.js";
import { commandWords } from "./words.js";

try {
  becomeLauncher(commandWords());
} catch (error) {
  process.stderr.write(`ovlfs: ${sentence(error)}\n`);
  process.exitCode = 1;
}
