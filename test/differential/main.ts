/** The command: seeds by option set, shared out to workers; differences as scripts, and the counts at the end. */
import { parseArguments, USAGE, WrongArguments, type Arguments } from "./arguments.js";
import { Counts } from "./counts.js";
import { runTasks } from "./pool.js";
import type { Result, Task } from "./worker.js";

async function main(given: Arguments): Promise<number> {
  const tasks = given.sets.flatMap((set) => Array.from({ length: given.seeds }, (_, index): Task => ({
    set, seed: given.first + index, calls: given.calls, shrink: given.shrink,
  })));
  const counts = new Counts(given.sets);
  const start = Date.now();
  await runTasks(tasks, given.jobs, (result) => {
    counts.add(result);
    show(result);
    return !(given.stopAtFirst && (result.difference ?? result.failed) !== undefined);
  });
  console.log(counts.table(given.calls, (Date.now() - start) / 1000));
  return counts.clean ? 0 : 1;
}

function show({ task, difference, script, failed }: Result): void {
  if (failed !== undefined) console.log(`FAILED ${task.set} seed ${task.seed}: ${failed}\n`);
  if (difference === undefined) return;
  const { stage, index, call, lines } = difference;
  const where = index === undefined ? stage : `${stage} ${index}, ${JSON.stringify(call)}`;
  console.log(short(`DIFFERENCE ${task.set} seed ${task.seed}: ${where}\n  ${lines.slice(0, 12).join("\n  ")}\n`));
  if (script !== undefined) console.log(script);
}

/** Long runs of one character as their number. */
function short(text: string): string { return text.replace(/(.)\1{20,}/g, (run: string, character: string) => `${character}{${run.length}}`); }

let status: number;
try {
  const given = parseArguments(process.argv.slice(2));
  if (given === "help") {
    console.log(USAGE);
    status = 0;
  } else {
    status = await main(given);
  }
} catch (error) {
  if (!(error instanceof WrongArguments)) throw error;
  console.error(`${error.message}\n\n${USAGE}`);
  status = 2;
}
process.exit(status);
