/**
 * What the pictures of docs/overlayfs.md show: steps of the tour, done for real. The tour's own claims are checked on the
 * way, so a picture can't show what did not happen.
 */
import { chapters } from "../../src/tour/chapters/index.js";
import { makeGround } from "../../src/tour/ground.js";
import type { Chapter, Step } from "../../src/tour/lesson.js";
import type { Situation } from "../../src/tour/situation.js";
import { Stage } from "../../src/tour/stage.js";
import { toText } from "../../src/sys/bytes.js";
import { readMountTable } from "../../src/sys/mount-table.js";
import type { Pictures } from "../../src/tour/side-by-side.js";
import { CLI } from "../harness/mounters.js";

/** One picture to make: the file's name and the step that it shows. */
export interface Shown {
  readonly file: string;
  readonly step: string;
}

export const shown: readonly Shown[] = [
  { file: "mount", step: "The mount" },
  { file: "create", step: "A fresh container, and a file in its /tmp" },
  { file: "copy-up", step: "A line is added" },
  { file: "whiteout", step: "A file is deleted" },
  { file: "opaque", step: "It is made again" },
  { file: "redirect", step: "Now it is a rename" },
  { file: "index", step: "A fresh container with index=on" },
];

/** What a step did. */
export interface Scene {
  readonly shown: Shown;
  readonly commands: readonly string[];
  readonly lowers: readonly string[];
  readonly step: Step;
  readonly before: Pictures;
  readonly after: Pictures;
}

/** Does the steps, each in its chapter, and answers with what they did; leaves nothing behind. */
export async function perform(): Promise<Scene[]> {
  const situation: Situation = { mounter: "ovlfs", trusted: true, isRoot: true, kernelDefaults: [] };
  const stage = new Stage(makeGround(), situation, [process.execPath, CLI], () => readMountTable().map(({ mountpoint }) => toText(mountpoint)));
  try {
    const scenes: Scene[] = [];
    for (const chapter of chapters) scenes.push(...await performChapter(stage, chapter));
    return scenes;
  } finally {
    await stage.end();
  }
}

async function performChapter(stage: Stage, chapter: Chapter): Promise<Scene[]> {
  const isShown = ({ title }: Step): boolean => shown.some(({ step }) => step === title);
  const last = chapter.steps.findLastIndex(isShown);
  if (last < 0) return [];
  stage.setUp(chapter);
  const first = stage.pictures();
  const scenes: Scene[] = [];
  let before = first;
  for (const step of chapter.steps.slice(0, last + 1)) {
    const after = await performStep(stage, step);
    const found = shown.find((one) => one.step === step.title);
    const commands = step.acts.map((act) => stage.commandOf(act));
    if (found !== undefined) scenes.push({ shown: found, commands, lowers: chapter.lowers, step, before: step.fresh === true ? lowersOf(first, chapter) : before, after });
    before = after;
  }
  await stage.clear();
  return scenes;
}

function lowersOf(pictures: Pictures, { lowers }: Chapter): Pictures {
  return new Map([...pictures].filter(([name]) => lowers.includes(name)));
}

async function performStep(stage: Stage, step: Step): Promise<Pictures> {
  let printed = "";
  for (const act of step.acts) {
    const { output, fault } = await stage.perform(act);
    if (fault !== undefined) throw new Error(`'${stage.commandOf(act)}' did not do what the lesson says: ${fault}`);
    printed += output;
  }
  const after = stage.pictures();
  const scene = stage.scene(after, printed);
  for (const claim of step.claims) {
    if (!claim.holds(scene)) throw new Error(`'${step.title}': a claim does not hold`);
  }
  return after;
}
