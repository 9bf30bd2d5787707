/**
 * Cleans up after a tour that was killed outright and could not do it itself: a shell that waits for the end of its
 * input, which comes when the tour's process is gone, whatever took it. A tour that ends in order ends it first.
 */
import { spawn, type ChildProcess } from "node:child_process";

/**
 * A mount may still be on its way when the tour is killed, so it is tried more than once. All that could be removed
 * through a mount that is still there is the tour's own.
 */
const SCRIPT = `read -r line
path=$1; shift
for attempt in 1 2 3 4 5; do
  "$@" "$path/merged"
  rm -rf "$path"
  [ -e "$path" ] || break
  sleep 1
done`;

export class Guardian {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  /** `umount`: the words that detach a mount of the tour. */
  constructor(path: string, umount: readonly string[]) {
    this.#child = spawn("/bin/sh", ["-c", SCRIPT, "sh", path, ...umount], { cwd: "/", stdio: ["pipe", "ignore", "ignore"], detached: true });
    this.#ended = new Promise((resolve) => this.#child.once("close", resolve).once("error", resolve));
    this.#child.stdin?.on("error", () => undefined);
  }

  /** The tour has ended: there is nothing to guard. */
  async end(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}
