/**
 * Removes a place with all mounts in it if this process ends before it could: loop devices and images of
 * hundreds of megabytes must not stay behind. It waits in a process of its own, whose input ends with ours.
 */
import { spawn, type ChildProcess } from "node:child_process";

const SCRIPT = `trap "" INT TERM HUP
cat >/dev/null
tac /proc/self/mounts | while read -r _ point _; do case "$point" in "$1"/*) umount -l "$point";; esac; done
rm -rf --one-file-system "$1"`;

export class Guard {
  readonly #child: ChildProcess;

  /** `place` is an absolute path without blanks. */
  constructor(place: string) {
    this.#child = spawn("sh", ["-c", SCRIPT, "ovlfs-watchdog", place], { stdio: ["pipe", "ignore", "ignore"], detached: true });
    this.#child.unref();
  }

  /** The place is gone; `cat` is in the same process group. */
  callOff(): void {
    const { pid } = this.#child;
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  }
}
