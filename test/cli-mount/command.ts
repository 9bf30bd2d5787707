/** Runs the built `ovlfs` as a person does, in a place with layers, and finds out what it left behind. */
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { buildLayer, dir, file, type LayerNode, type LayerTree } from "../harness/layers.js";
import { CLI } from "../harness/mounters.js";
import { makePlace, removePlace } from "../harness/places.js";
import { mountsBelow, processesNaming, run, waitUntil, type Finished, type RunOptions } from "../harness/processes.js";
import { snapshot, type Snapshot } from "../harness/snapshot.js";
import { Tree } from "../harness/tree.js";

/** A lower `l` with a file `f`, an upper `u`, a work directory `w`, and `m` to mount on. */
const usual: LayerTree = { l: dir({ f: file("content") }), u: dir(), w: dir(), m: dir(), dev: dir() };
export const USUAL = ["--lower", "l", "--upper", "u", "--work", "w"] as const;

export class Place {
  readonly path = makePlace();
  readonly cli = CLI;
  readonly tree = new Tree(this.path);
  readonly #children: ChildProcess[] = [];

  constructor(extra: Readonly<Record<string, LayerNode>> = {}) {
    for (const [name, node] of Object.entries({ ...usual, ...extra })) buildLayer(this.tree.at(name), node);
  }

  /** Runs `ovlfs` with the place as working directory, to its end. */
  ovlfs(words: readonly string[], options: RunOptions = {}): Finished {
    return run(process.execPath, [CLI, ...words], { cwd: this.path, ...options });
  }

  /** Runs a shell script as a user without any right, where all may open /dev/fuse; `"$@"` in it is `ovlfs`. */
  asUser(uid: number, script: string): Finished {
    const [command, ...words] = this.wordsAsUser(uid, script);
    return run(command!, words, { cwd: this.path });
  }

  /** The command line of asUser, to be run in the place. */
  wordsAsUser(uid: number, script: string): readonly string[] {
    const user = ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "sh", "-c", script, "sh", process.execPath, CLI];
    return wordsWithOwnDevices("mknod -m 666 dev/fuse c 10 229", user);
  }

  /** Runs a command in a mount namespace of its own whose /dev has just the plainest devices and what `more` makes in `dev`. */
  withOwnDevices(more: string, words: readonly string[]): Finished {
    const [command, ...all] = wordsWithOwnDevices(more, words);
    return run(command!, all, { cwd: this.path });
  }

  /** Starts `ovlfs`, which stays in front. */
  start(words: readonly string[]): ChildProcess { return this.#spawn(process.execPath, [CLI, ...words]); }

  /** The same through its launcher. */
  startLauncher(words: readonly string[]): ChildProcess { return this.#spawn(join(import.meta.dirname, "../../build/Release/ovlfs"), words); }

  #spawn(program: string, words: readonly string[]): ChildProcess {
    const child = spawn(program, words, { cwd: this.path, stdio: ["ignore", "ignore", "pipe"] });
    this.#children.push(child);
    return child;
  }

  mounts(): string[] { return mountsBelow(this.path); }
  processes(): number[] { return processesNaming(this.path); }
  isMounted(name = "m"): boolean { return mountsBelow(this.tree.at(name)).length > 0; }
  picture(): Snapshot { return snapshot(this.path); }

  end(): void {
    this.tree.closeAll();
    for (const child of this.#children) child.kill("SIGKILL");
    for (const point of this.mounts()) run("umount", ["-l", point]);
    waitUntil(() => this.processes().length === 0);
    for (const pid of this.processes()) process.kill(pid, "SIGKILL");
    removePlace(this.path);
  }
}

function wordsWithOwnDevices(more: string, words: readonly string[]): readonly string[] {
  const devices = "mount -t tmpfs none dev && cp -a /dev/null /dev/zero /dev/random /dev/urandom dev/ && chmod 666 dev/*";
  return ["unshare", "-m", "sh", "-c", `${devices} && ${more} && mount --move dev /dev && exec "$@"`, "sh", ...words];
}
