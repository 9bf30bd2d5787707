/**
 * Where a chapter plays: its layers, an upper, a work directory and the mount point, all below one directory. It
 * performs the acts, takes the pictures, and at the end leaves no mount and no file.
 */
import { readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { shellWord } from "../shell-word.js";
import { removeGround, type Ground } from "./ground.js";
import { buildLayer } from "./layers.js";
import type { Act, Chapter } from "./lesson.js";
import { takePicture, type Picture } from "./picture.js";
import { Scene } from "./scene.js";
import { Shell } from "./shell.js";
import { tell, type Situation } from "./situation.js";

/** What came of an act; `fault` says what should have come. */
export interface Performance {
  readonly output: string;
  readonly fault: string | undefined;
}

export class Stage {
  readonly #shell: Shell;
  #directories: readonly string[] = [];

  constructor(
    readonly ground: Ground,
    readonly situation: Situation,
    program: readonly string[],
    /** The mount points of this system. */
    private readonly mountpoints: () => readonly string[],
  ) {
    this.#shell = new Shell(ground.path, program);
  }

  setUp(chapter: Chapter): void {
    for (const [name, tree] of Object.entries(chapter.layers)) buildLayer(join(this.ground.path, name), tree);
    for (const name of ["upper", "work", "merged"]) buildLayer(join(this.ground.path, name), {});
    this.#directories = ["merged", "upper", "work", ...chapter.lowers];
  }

  /** An act as it is typed. */
  commandOf(act: Act): string {
    if (typeof act !== "object") return tell(act, this.situation);
    return "rename" in act ? `rename("${act.rename[0]}", "${act.rename[1]}")  # a system call` : tell(act.refused, this.situation);
  }

  /** Performs an act. What it prints is told with paths as the lesson has them: from the tour's directory. */
  async perform(act: Act): Promise<Performance> {
    if (typeof act === "object" && "rename" in act) return this.#rename(act.rename, act.errno);
    const { status, output: full } = await this.#shell.run(this.commandOf(act));
    const output = full.replaceAll(`${this.ground.path}/`, "");
    const failed = status !== 0;
    if (typeof act !== "object") return { output, fault: failed ? `it ended with status ${status}${lastLine(output)}` : undefined };
    const words = tell(act.words, this.situation);
    return { output, fault: !failed ? "it was not refused" : output.includes(words) ? undefined : `it was refused without the words '${words}'` };
  }

  #rename([from, to]: readonly [string, string], errno: string): Performance {
    let result = "done";
    try {
      renameSync(join(this.ground.path, from), join(this.ground.path, to));
    } catch (error) {
      result = (error as NodeJS.ErrnoException).code ?? String(error);
    }
    return { output: `${result}\n`, fault: result === errno ? undefined : `it did not end with ${errno}` };
  }

  /** Pictures of all directories. */
  pictures(): ReadonlyMap<string, Picture> {
    return new Map(this.#directories.map((name) => [name, takePicture(join(this.ground.path, name))]));
  }

  scene(pictures: ReadonlyMap<string, Picture>, printed: string): Scene {
    return new Scene(this.situation, pictures, printed, this.#mounts().includes(join(this.ground.path, "merged")));
  }

  /** Unmounts what is mounted and empties the directory for the next chapter. */
  async clear(): Promise<void> {
    await this.#unmountAll();
    for (const name of readdirSync(this.ground.path)) removeGround(join(this.ground.path, name));
  }

  /** The end: nothing is left. */
  async end(): Promise<void> {
    await this.#shell.idle();
    await this.#unmountAll();
    removeGround(this.ground.path);
  }

  #mounts(): readonly string[] {
    return this.mountpoints().filter((point) => point.startsWith(`${this.ground.path}/`));
  }

  /** Unmounts; what is busy, because somebody looks around in it, is detached. */
  async #unmountAll(): Promise<void> {
    const umount = this.situation.mounter === "ovlfs" ? "ovlfs umount" : "umount";
    for (const point of [...this.#mounts()].reverse()) await this.#shell.run(`${umount} ${shellWord(point)} || ${umount} -l ${shellWord(point)}`);
    const [left] = this.#mounts();
    if (left !== undefined) throw new Error(`'${left}' can't be unmounted; unmount it, and remove '${this.ground.path}'`);
  }
}

/** The last line of an output, in brackets: mostly it says what was wrong. */
function lastLine(output: string): string {
  const line = output.trimEnd().split("\n").at(-1) ?? "";
  return line === "" ? "" : ` (${line})`;
}
