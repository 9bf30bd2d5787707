/** Scripts that run in containers. */
import type { Machine, User } from "./machine.js";

/** As `sh -c` takes it. */
export function quoted(script: string): string { return `'${script.replaceAll("'", "'\\''")}'`; }

/** Runs a script in a new container, which is removed; what it printed. */
export function inContainer(machine: Machine, user: User, script: string, words = "", image = "localhost/bb"): string {
  return machine.sh(user, `podman run --rm ${words} ${image} sh -c ${quoted(script)}`);
}
