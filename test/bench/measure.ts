/** One measurement: a fresh upper, a mount, the state that the workload starts from, the run, and all gone again. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Ground } from "./ground.js";
import { mount, unmount, type Layers, type Mounter } from "./mounters.js";
import { command, dropCaches } from "./programs.js";
import { putAside } from "./used.js";
import type { Workload } from "./workloads.js";

const NANOSECONDS_PER_MILLISECOND = 1e6;

/** Milliseconds. */
export async function measure(workload: Workload, mounter: Mounter, ground: Ground): Promise<number> {
  const layers: Layers = { ...await ground.stack(workload.stack), upper: "upper", work: "work", merged: "merged" };
  for (const name of [layers.upper, layers.work, layers.merged]) mkdirSync(join(layers.place, name));
  try {
    await dropCaches();
    const mounted = await mount(mounter, layers, ground.unprivileged);
    try {
      return await run(workload, layers, ground);
    } finally {
      await unmount(mounted);
    }
  } finally {
    putAside(layers.place, [layers.upper, layers.work, layers.merged]);
  }
}

async function run(workload: Workload, layers: Layers, ground: Ground): Promise<number> {
  const merged = join(layers.place, layers.merged);
  const words = [ground.program, ...workload.words(ground.sizes).map(String)];
  if (workload.before !== undefined) await command(["sh", "-c", workload.before], merged);
  switch (workload.state) {
    case "cold": await dropCaches(); break;
    case "layers":
      await ground.run(["warm", ...layers.lowers.map((lower) => join(layers.place, lower))]);
      await command(["sync"], "/");
      break;
    case "warm": await command(words, merged); break;
  }
  const [elapsed] = (await command(words, merged)).split(" ");
  if (workload.after !== undefined) await command(["sh", "-c", workload.after], merged);
  return Number(elapsed) / NANOSECONDS_PER_MILLISECOND;
}
