/**
 * Runs the seeds that it is sent, one after the other, in a process of its own: it may be blocked by a mount that
 * does not answer, and its parent then ends the mount's host.
 */
import { join } from "node:path";
import { caseOf, type Case } from "./case.js";
import { Ground } from "./ground.js";
import { endMapper, startMapper } from "./mappings.js";
import { MountRefused, Mounts } from "./mounts.js";
import { optionSets } from "./option-sets.js";
import type { Difference } from "./half.js";
import { run } from "./run.js";
import { scriptOf } from "./script.js";
import { shrink } from "./shrink.js";

export interface Task {
  readonly set: string;
  readonly seed: number;
  readonly calls: number;
  readonly shrink: boolean;
}

export interface Result {
  readonly task: Task;
  /** Absent: no difference. */
  readonly difference?: Difference;
  readonly script?: string;
  /** The set can't be mounted here. */
  readonly refused?: string;
  /** The run itself failed. */
  readonly failed?: string;
}

/** Sent first and with each host that is started: what to end when nothing moves. */
export interface Alive { readonly hostPid: number | undefined }

const ground = new Ground();
startMapper(ground.place);
const mounts = new Mounts(join(ground.place, "log"));

function report(message: Result | Alive): void { process.send!(message); }

async function attempt(one: Case): Promise<Difference | null> {
  report({ hostPid: mounts.hostPid });
  try {
    return await run(one, ground, mounts);
  } catch {
    return null;
  }
}

async function serve(task: Task): Promise<Result> {
  const set = optionSets.find(({ name }) => name === task.set)!;
  const one = caseOf(task.seed, set, task.calls);
  report({ hostPid: mounts.hostPid });
  try {
    const difference = await run(one, ground, mounts);
    if (difference === null) return { task };
    if (!task.shrink) return { task, difference };
    const small = await shrink(one, difference, attempt);
    return { task, difference: small.difference, script: scriptOf(small.one, small.difference, `Option set ${task.set}, seed ${task.seed}.`) };
  } catch (error) {
    if (error instanceof MountRefused) return { task, refused: error.message };
    return { task, failed: error instanceof Error ? error.stack ?? error.message : String(error) };
  }
}

process.on("message", (task: Task) => void serve(task).then(report));
process.on("disconnect", () => {
  mounts.end();
  endMapper();
  ground.end();
  process.exit(0);
});
