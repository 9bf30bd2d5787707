/** What containers cost with each mount program: the same work in turn, on the disk, medians. */
import { median, rotated } from "../bench/statistics.js";
import { quoted } from "./container.js";
import { archiveDebian, DEBIAN_ARCHIVE } from "./debian.js";
import { makeImage } from "./image.js";
import { Machine, mountPrograms, settled, users, type User } from "./machine.js";

export interface Amounts {
  readonly runs: number;
  readonly layers: number;
  readonly rounds: number;
}

type Say = (line: string) => void;

/** Measures and prints a Markdown table row by row. */
export async function measure({ runs, layers, rounds }: Amounts, say: Say): Promise<void> {
  const machines = mountPrograms.map((program) => new Machine(program, "disk"));
  try {
    for (const machine of machines) makeImage(machine, users);
    const debian = await prepareDebian(machines);
    say(`| | ${mountPrograms.join(" | ")} |\n| --- | --- | --- | --- |`);
    for (const user of users) {
      for (const machine of machines) await timed(machine, user, "podman run --rm localhost/bb true");
      const before = machines.map((machine) => settled(machine, user));
      await row(machines, say, `\`podman run --rm\` as ${user}, median of ${runs}, ms`, runs, (machine) => timed(machine, user, "podman run --rm localhost/bb true"));
      machines.forEach((machine, index) => { proveNothingIsLeft(machine, user, before[index]); });
    }
    await row(machines, say, `\`podman build\` of ${layers} layers as root, median of ${rounds}, ms`, rounds, async (machine) => {
      await machine.shLong("root", `mkdir -p context && printf %s ${quoted(steps(layers))} > context/Dockerfile`);
      return timed(machine, "root", "podman build -q --no-cache -t localhost/layers context");
    });
    if (debian !== null) return say(`| ${debian} |`);
    await row(machines, say, `\`apt-get install git\` in a Debian image as root, median of ${rounds}, ms`, rounds,
      (machine) => timed(machine, "root", `podman run --rm localhost/git sh -c ${quoted(`${INSTALL} >/dev/null 2>&1`)}`));
  } finally {
    for (const machine of machines) machine.end();
  }
}

const INSTALL = "DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends git";

/** An image with the packages fetched, so that no network is measured; why there is none, or null. */
async function prepareDebian(machines: readonly Machine[]): Promise<string | null> {
  const [first, ...others] = machines;
  const missing = await archiveDebian(first!);
  if (missing !== null) return missing;
  await first!.shLong("root", `set -e
    podman import -q ${DEBIAN_ARCHIVE} localhost/debian && rm ${DEBIAN_ARCHIVE}
    podman run --name git localhost/debian sh -c ${quoted(`apt-get -q update && apt-get -q clean && ${INSTALL} --download-only`)}
    podman commit -q git localhost/git && podman rm git && podman save -q -o ${DEBIAN_ARCHIVE} localhost/git`);
  for (const machine of others) {
    machine.copyFrom(first!, DEBIAN_ARCHIVE);
    await machine.shLong("root", `podman load -q -i ${DEBIAN_ARCHIVE}`);
  }
  return null;
}

function steps(layers: number): string {
  const lines = Array.from({ length: layers }, (_, step) => `RUN mkdir -p /steps/${step} && echo ${step} > /steps/${step}/f && rm -rf /steps/${step - 2}\n`);
  return `FROM localhost/bb\n${lines.join("")}`;
}

async function timed(machine: Machine, user: User, script: string): Promise<number> {
  const start = performance.now();
  await machine.shLong(user, script);
  return performance.now() - start;
}

async function row(machines: readonly Machine[], say: Say, title: string, rounds: number, once: (machine: Machine) => Promise<number>): Promise<void> {
  const samples = new Map(machines.map((machine) => [machine, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const machine of rotated(machines, round)) samples.get(machine)!.push(await once(machine));
  }
  say(`| ${title} | ${machines.map((machine) => median(samples.get(machine)!).toFixed(0)).join(" | ")} |`);
}

function proveNothingIsLeft(machine: Machine, user: User, before: unknown): void {
  const after = settled(machine, user);
  if (JSON.stringify(after) !== JSON.stringify(before)) {
    throw new Error(`runs as ${user} with ${machine.mountProgram} left something: ${JSON.stringify(after)}, before ${JSON.stringify(before)}`);
  }
}
