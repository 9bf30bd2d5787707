/**
 * What a lesson is: chapters of steps, as data. A step says what will be done, does it, shows what it did, says why,
 * and claims what must now be true; a claim that does not hold ends the tour.
 */
import type { LayerTree } from "./layers.js";
import type { Scene } from "./scene.js";
import type { Situation, Told } from "./situation.js";

/** What is typed in a step: a shell command, or one system call that no common command makes alone. */
export type Act =
  | Told<string>
  /** A command that must fail, with these words in what it prints. */
  | { readonly refused: Told<string>; readonly words: Told<string> }
  /** rename(2) itself; mv(1) would copy where it is refused. It must end with this errno. */
  | { readonly rename: readonly [from: string, to: string]; readonly errno: string };

/** A fact that must hold once the step is done. */
export interface Claim {
  readonly text: Told<string>;
  holds(scene: Scene): boolean;
}

/** What to show of the directories. */
export interface View {
  /** Top-level names of merged and the lowers that matter here; all others are counted only. Left out: all are shown. */
  readonly focus?: readonly string[];
  /** The lowers to show, where they are many. */
  readonly lowers?: readonly string[];
  /** Also the marks that are bookkeeping only. */
  readonly allMarks?: boolean;
}

export interface Step {
  readonly title: string;
  /** Before: what will be tried. */
  readonly say: Told<string>;
  readonly acts: readonly Act[];
  /** Left out where nothing changes that is worth a picture. */
  readonly view?: View;
  /** After: why it came out so. */
  readonly why: Told<string>;
  readonly claims: readonly Claim[];
  /** The directories are new: what was in those before is not shown as gone. */
  readonly fresh?: boolean;
  /** Whether the step belongs to the lesson in this situation; left out, it always does. */
  belongs?(situation: Situation): boolean;
  /** Why the step can't be taken in this situation, if it can't. */
  skip?(situation: Situation): string | undefined;
}

export interface Chapter {
  readonly title: string;
  readonly intro: Told<string>;
  /** The layers to begin with, by directory, and the names of the lowers, topmost first. */
  readonly layers: Readonly<Record<string, LayerTree>>;
  readonly lowers: readonly string[];
  readonly steps: readonly Step[];
  readonly summary: readonly Told<string>[];
  /** Where to read on. */
  readonly reading: readonly string[];
}
