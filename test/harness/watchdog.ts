/**
 * Frees a test that hangs on a FUSE mount. A system call that waits for a daemon blocks this whole process,
 * its timers too, so another process aborts the connection after a while unless it is called off; the call
 * then ends with ECONNABORTED or ENOTCONN and the test fails with that.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";

const PATIENCE_SECONDS = 60;

export class Watchdog {
  #child: ChildProcess | null = null;

  /** Watches the FUSE connection of the file system with this device minor; nothing where it has none. */
  watch(minor: string): void {
    this.callOff();
    const abort = `/sys/fs/fuse/connections/${minor}/abort`;
    if (!existsSync(abort)) return;
    this.#child = spawn("sh", ["-c", `sleep ${PATIENCE_SECONDS} && echo 1 > ${abort}`, "ovlfs-watchdog"], { stdio: "ignore", detached: true });
    this.#child.unref();
  }

  callOff(): void {
    const pid = this.#child?.pid;
    this.#child = null;
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  }
}
