/**
 * The tour: takes a learner through chapters, step by step, and checks each step as it is done. However it ends (at its
 * end, by a key, a signal, a closed terminal or a claim that does not hold), no mount, process or file of it is left.
 */
import type { Writable } from "node:stream";
import { makeGround } from "./ground.js";
import { Guardian } from "./guardian.js";
import { nextOrQuit } from "./keys.js";
import { kernelDefaults } from "./kernel-defaults.js";
import type { Chapter, Step } from "./lesson.js";
import { samePicture, type Picture } from "./picture.js";
import { Printer } from "./printer.js";
import type { Scene } from "./scene.js";
import { tell, type Situation } from "./situation.js";
import { Stage } from "./stage.js";
import type { Style } from "./style.js";

export interface TourOptions {
  /** The chapters to take, with their numbers. */
  readonly chapters: readonly (readonly [number, Chapter])[];
  readonly mounter: Situation["mounter"];
  /** The words that start this program. */
  readonly program: readonly string[];
  readonly mountpoints: () => readonly string[];
  readonly output: Writable;
  /** Where keys come from; without it the tour runs through. */
  readonly keys: NodeJS.ReadStream | undefined;
  readonly style: Style;
}

/** The tour was left before its end. */
class Left extends Error {}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;
const SIGNAL_NUMBERS: Readonly<Record<(typeof SIGNALS)[number], number>> = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1, SIGQUIT: 3 };

/** Who leaves by a key is as one who presses Ctrl-C. */
const LEFT = 130;

/** Runs the tour; the exit status, 0 only when every step was taken. Throws an Error with one sentence where a step did not do what it says. */
export async function tour(options: TourOptions): Promise<number> {
  const stop = new AbortController();
  let status = 0;
  const onSignal = (signal: (typeof SIGNALS)[number]): void => {
    status = 128 + SIGNAL_NUMBERS[signal];
    stop.abort();
  };
  // A reader that is gone, or a terminal that was closed, ends the tour as a signal does.
  const onError = (): void => {
    status = 1;
    stop.abort();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  options.output.on("error", onError);
  try {
    await new Run(options, stop.signal).all();
  } catch (error) {
    if (!(error instanceof Left)) throw error;
    if (status === 0) status = LEFT;
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
  return status;
}

class Run {
  readonly #printer: Printer;
  readonly #stage: Stage;
  readonly #guardian: Guardian;

  constructor(private readonly options: TourOptions, private readonly stop: AbortSignal) {
    const ground = makeGround();
    const situation: Situation = { mounter: options.mounter, trusted: ground.trusted, isRoot: process.geteuid!() === 0, kernelDefaults: kernelDefaults() };
    this.#guardian = new Guardian(ground.path, options.mounter === "ovlfs" ? [...options.program, "umount", "-l"] : ["umount", "-l"]);
    this.#stage = new Stage(ground, situation, options.program, options.mountpoints);
    this.#printer = new Printer(options.output, options.style, situation);
  }

  async all(): Promise<void> {
    let failure: Error | undefined;
    try {
      if (this.options.keys !== undefined) this.#printer.welcome(this.#stage.ground.path);
      for (const [number, chapter] of this.options.chapters) await this.#chapter(number, chapter);
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
    }
    await this.#stage.end().finally(() => this.#guardian.end());
    if (failure instanceof Left) this.#printer.left();
    else if (failure !== undefined) throw new Error(`${failure.message}; the tour ends here, everything was cleaned up`);
    else this.#printer.end(this.options.chapters.length);
    if (failure !== undefined) throw failure;
  }

  async #chapter(number: number, chapter: Chapter): Promise<void> {
    this.#stage.setUp(chapter);
    this.#printer.chapter(number, chapter);
    let before = this.#stage.pictures();
    const lowers = chapter.lowers.map((name) => [name, before.get(name)!] as const);
    const steps = chapter.steps.filter((step) => step.belongs?.(this.#stage.situation) ?? true);
    for (const [index, step] of steps.entries()) {
      before = await this.#step(`${number}.${index + 1}`, step, chapter, lowers, before);
    }
    await this.#stage.clear();
    this.#printer.summary(chapter);
  }

  /** Takes a step; the pictures after it. */
  async #step(
    number: string, step: Step, chapter: Chapter, lowers: readonly (readonly [string, Picture])[], before: ReadonlyMap<string, Picture>,
  ): Promise<ReadonlyMap<string, Picture>> {
    this.#goOn();
    this.#printer.announce(number, step);
    const reason = step.skip?.(this.#stage.situation);
    if (reason !== undefined) {
      this.#printer.skipped(reason);
      return before;
    }
    let printed = "";
    for (const [index, act] of step.acts.entries()) {
      this.#goOn();
      const command = this.#stage.commandOf(act);
      this.#printer.command(command);
      if (index === 0) await this.#waitForKey(step.acts.length);
      const { output, fault } = await this.#stage.perform(act);
      this.#printer.printed(output);
      if (fault !== undefined) throw new Error(`step ${number}: '${command}' did not do what the lesson says: ${fault}`);
      printed += output;
    }
    this.#goOn();
    const after = this.#stage.pictures();
    const since = step.fresh === true ? new Map(lowers) : before;
    if (step.view !== undefined) this.#printer.pictures(since, after, chapter.lowers, step.view);
    this.#printer.why(step);
    this.#check(number, step, this.#stage.scene(after, printed), lowers);
    return after;
  }

  #check(number: string, step: Step, scene: Scene, lowers: readonly (readonly [string, Picture])[]): void {
    for (const claim of step.claims) {
      const text = tell(claim.text, scene.situation);
      if (!claim.holds(scene)) throw new Error(`step ${number} ('${step.title}'): it does not hold that ${text}`);
      this.#printer.holds(text);
    }
    for (const [name, first] of lowers) {
      const now = scene.pictures.get(name);
      if (now === undefined || !samePicture(first, now)) throw new Error(`step ${number} ('${step.title}'): the lower layer ${name} was changed`);
    }
    this.#printer.holds(lowers.length === 1 ? "the lower layer is unchanged" : "the lower layers are unchanged");
    this.#printer.gap();
  }

  async #waitForKey(commands: number): Promise<void> {
    const { keys } = this.options;
    if (keys === undefined) return;
    this.#printer.prompt(commands);
    const goOn = await nextOrQuit(keys, this.stop);
    this.#printer.promptDone(commands);
    if (!goOn) throw new Left();
  }

  #goOn(): void {
    if (this.stop.aborted) throw new Left();
  }
}
