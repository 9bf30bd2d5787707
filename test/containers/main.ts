/** The command behind scripts/containers: a script in a machine for containers, or what containers cost there. */
import { parseArgs } from "node:util";
import { IMAGE_COMMANDS, makeImage } from "./image.js";
import { Machine, machineUnavailable, mountPrograms, users, type MountProgram, type User } from "./machine.js";
import { measure } from "./measure.js";

const USAGE = `Usage: scripts/containers measure [--runs N] [--layers N] [--rounds N]
       scripts/containers run [--with PROGRAM] [--as root|alice] SCRIPT
measure: prints what 'podman run', a build and an apt-get install take with each mount program, in turn, on the disk, and
         that the runs left nothing behind.
  --runs N         how many 'podman run' for each median (100)
  --layers N       how many layers are built on one another (60)
  --rounds N       how many builds and installations for each median (3)
run:     a shell script in a new machine with the image localhost/bb.
  --with PROGRAM   what podman mounts with: ${mountPrograms.join(", ")} (ovlfs)
  --as USER        who runs it: ${users.join(", ")} (root)
`;

function count(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new Error(`'${value}' is no count`);
  return number;
}

function oneOf<Name extends string>(names: readonly Name[], value: string): Name {
  const name = names.find((known) => known === value);
  if (name === undefined) throw new Error(`'${value}' is none of ${names.join(", ")}`);
  return name;
}

async function runScript(program: MountProgram, user: User, script: string): Promise<number> {
  const machine = new Machine(program);
  try {
    makeImage(machine, [user]);
    const { status, stdout, stderr } = await machine.runLong(user, script);
    process.stdout.write(stdout);
    process.stderr.write(stderr);
    return status ?? 1;
  } finally {
    machine.end();
  }
}

async function main(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...words], allowPositionals: true,
    options: {
      help: { type: "boolean" }, runs: { type: "string", default: "100" }, layers: { type: "string", default: "60" }, rounds: { type: "string", default: "3" },
      with: { type: "string", default: "ovlfs" }, as: { type: "string", default: "root" },
    },
  });
  const [what, script] = positionals;
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const missing = machineUnavailable(["podman", "crun", "newuidmap", "fuse-overlayfs", "debootstrap", ...IMAGE_COMMANDS]);
  if (missing !== null) throw new Error(missing);
  if (what === "measure") {
    await measure({ runs: count(values.runs), layers: count(values.layers), rounds: count(values.rounds) }, (line) => { console.log(line); });
    return 0;
  }
  if (what === "run" && script !== undefined) return runScript(oneOf(mountPrograms, values.with), oneOf(users, values.as), script);
  throw new Error("'measure' or 'run SCRIPT' is wanted; --help lists all");
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`scripts/containers: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
