/**
 * A system of its own for what belongs to the whole machine: /sbin, /etc/fstab and /srv are those of a place, in a
 * mount namespace and a process namespace that end, with every daemon in them, when the script ends.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CLI } from "../harness/mounters.js";
import { makePlace, removePlace } from "../harness/places.js";
import { run, type Finished } from "../harness/processes.js";

const SETUP = `
mount -t overlay -o "lowerdir=$(realpath /sbin),upperdir=$1/sbin,workdir=$1/sbin-work" none "$(realpath /sbin)"
mount --bind "$1/fstab" /etc/fstab
mount --bind "$1/srv" /srv
ovlfs() { "$NODE" "$OVLFS" "$@"; }
cd /srv
`;

/** Why there can be none here, or null. */
export function systemUnavailable(): string | null {
  if (process.getuid?.() !== 0) return "only root can have a /sbin of its own";
  const tried = run("unshare", ["--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", "mount -t tmpfs none /mnt"]);
  return tried.status === 0 ? null : `there are no namespaces here: ${tried.stderr.trim()}`;
}

export class PrivateSystem {
  readonly path = makePlace();

  /** Its /srv is empty but for `directories`. */
  constructor(directories: readonly string[] = []) {
    for (const name of ["sbin", "sbin-work", "srv", ...directories.map((directory) => `srv/${directory}`)]) mkdirSync(join(this.path, name));
    this.fstab("");
  }

  get srv(): string { return join(this.path, "srv"); }
  get sbin(): string { return join(this.path, "sbin"); }

  fstab(text: string): void { writeFileSync(join(this.path, "fstab"), text); }

  /** Runs a script of sh in it, in which `ovlfs` is the program. */
  run(script: string): Finished {
    const words = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", `set -e${SETUP}set +e\n${script}`, "sh", this.path];
    return run("unshare", words, { env: { ...process.env, NODE: process.execPath, OVLFS: CLI } });
  }

  end(): void { removePlace(this.path); }
}
