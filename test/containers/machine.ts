/**
 * A machine of its own for podman and buildah (machine.sh), with root and a user `alice`, in which a test can do
 * what people do on theirs. What it leaves behind is told before it ends; then all of it goes.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { text } from "node:stream/consumers";
import { Guard } from "../harness/guard.js";
import { makePlace, removePlace } from "../harness/places.js";
import { mustRun, run, waitUntil, type Finished } from "../harness/processes.js";

export type User = "root" | "alice";
export const users: readonly User[] = ["root", "alice"];

/** What containers-storage mounts with. */
export const mountPrograms = ["kernel", "fuse-overlayfs", "ovlfs"] as const;
export type MountProgram = (typeof mountPrograms)[number];

const CHECKOUT = join(import.meta.dirname, "../..");
const programs: Readonly<Record<MountProgram, string>> = {
  "ovlfs": "/usr/local/bin/ovlfs", "fuse-overlayfs": "/usr/bin/fuse-overlayfs", "kernel": "",
};

const logins: Readonly<Record<User, readonly string[]>> = {
  root: ["env", "-i", "HOME=/root"],
  alice: ["setpriv", "--reuid=1500", "--regid=1500", "--clear-groups", "env", "-i", "HOME=/home/alice", "XDG_RUNTIME_DIR=/run/user/1500"],
};
/** What there is, to be compared with what there was. */
export interface Traces {
  readonly processes: readonly string[];
  readonly mounts: readonly string[];
  readonly files: readonly string[];
}

const PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Why there can't be one here, or null. `commands` are what is run in it. */
export function machineUnavailable(commands: readonly string[]): string | null {
  if (process.getuid?.() !== 0) return "only root can set up a machine for containers";
  if (!existsSync("/dev/fuse")) return "there is no /dev/fuse";
  const missing = ["unshare", "nsenter", "setpriv", ...commands].filter((name) => run("sh", ["-c", `command -v ${name}`]).status !== 0);
  if (missing.length > 0) return `there is no ${missing.join(", ")}`;
  const tried = run("unshare", ["-m", "-p", "-f", "--mount-proc", "unshare", "-Ur", "true"]);
  return tried.status === 0 ? null : `namespaces can't be made here: ${tried.stderr.trim()}`;
}

export class Machine {
  readonly #place = makePlace();
  readonly #guard = new Guard(this.#place);
  readonly #process: ChildProcess;
  /** Its first process, as it is numbered here. */
  readonly #first: string;

  constructor(readonly mountProgram: MountProgram = "ovlfs", medium: "memory" | "disk" = "memory") {
    const ready = join(this.#place, "ready");
    const words = ["-m", "-p", "-f", "--kill-child", "--mount-proc", "--propagation", "private",
      join(import.meta.dirname, "machine.sh"), this.#place, CHECKOUT, builtProgram(), programs[mountProgram], medium];
    this.#process = spawn("unshare", words, { stdio: ["pipe", "ignore", "inherit"] });
    const isReady = waitUntil(() => existsSync(ready), 10_000);
    this.#first = firstChild(this.#process.pid!);
    if (!isReady) {
      this.end();
      throw new Error("the machine for containers did not start");
    }
  }

  /** Runs a shell script in the home of `user`, at most a minute: vitest is not heard meanwhile. */
  run(user: User, script: string): Finished {
    return run("nsenter", this.#words(user, script), { milliseconds: 60_000 });
  }

  /** The same for what takes long, at most ten minutes. */
  async runLong(user: User, script: string): Promise<Finished> {
    const child = spawn("nsenter", this.#words(user, script), { stdio: ["ignore", "pipe", "pipe"], timeout: 600_000, killSignal: "SIGKILL" });
    const ended = once(child, "close") as Promise<[number | null]>;
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { status: (await ended)[0], stdout, stderr };
  }

  #words(user: User, script: string): string[] {
    return ["-t", this.#first, "-m", "-p", "--", ...logins[user], PATH, "LC_ALL=C.UTF-8", "sh", "-c", `cd && ${script}`];
  }

  /** Runs a shell script that has to succeed; what it printed. */
  sh(user: User, script: string): string { return printed(user, script, this.run(user, script)); }

  async shLong(user: User, script: string): Promise<string> { return printed(user, script, await this.runLong(user, script)); }

  /** All that runs (but for what podman keeps for a user), is mounted, and lies where containers and their layers lie. */
  traces(user: User): Traces {
    const { home, mounts } = user === "root" ? { home: "/var/lib/containers/storage", mounts: "cat" }
      : { home: ".local/share/containers/storage", mounts: "podman unshare cat" };
    const lines = (script: string): string[] => this.sh(user, script).trim().split("\n").map((line) => line.trim()).sort();
    return {
      processes: lines("ps -eo args=").filter((line) => !/machine\.sh|^ps |<defunct>$|^catatonit -P$|^sh -c cd && ps/.test(line)),
      mounts: lines(`${mounts} /proc/self/mounts`),
      files: lines(`ls -d ${home}/* ${home}/overlay/* ${home}/overlay-containers/* /tmp/* /tmp/.[!.]* /var/tmp/* 2>/dev/null || true`),
    };
  }

  /** Copies a file from the same path of another machine. */
  copyFrom(other: Machine, path: string): void {
    mustRun("cp", [`/proc/${other.#first}/root${path}`, `/proc/${this.#first}/root${path}`], { milliseconds: 300_000 });
  }

  end(): void {
    this.#process.kill("SIGKILL");
    waitUntil(() => !existsSync(`/proc/${this.#first}`));
    removePlace(this.#place);
    this.#guard.callOff();
  }
}

/** What there is in a machine once what podman ended has ended. */
export function settled(machine: Machine, user: User): Traces {
  waitUntil(() => machine.traces(user).processes.length === 0, 300);
  return machine.traces(user);
}

function printed(user: User, script: string, { status, stdout, stderr }: Finished): string {
  if (status !== 0) throw new Error(`as ${user}, '${script}' ended with ${status}: ${stderr}${stdout}`);
  return stdout;
}

/** The program that the package installs as `ovlfs`, relative to the checkout. */
function builtProgram(): string {
  const { bin } = JSON.parse(readFileSync(join(CHECKOUT, "package.json"), "utf8")) as { readonly bin: { readonly ovlfs: string } };
  return relative(CHECKOUT, join(CHECKOUT, bin.ovlfs));
}

function firstChild(pid: number): string {
  const children = (): string => readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim();
  waitUntil(() => children() !== "");
  return children();
}
