/**
 * What decided an answer: the few facts of a lookup without which it would be another, in the order of the path and then
 * of the layers.
 */
import { display } from "../sys/bytes.js";
import type { Entry } from "./merged-directory.js";
import type { Hop, Resolution } from "./resolve.js";
import { layerName, type Stack } from "./stack.js";
import type { FileStep, Hiding, ObjectStep } from "./steps.js";
import { describeHiding, describeRefusal, evidenceOf, layerNames, placeOf, sourcesOf, typeWord } from "./words.js";

/** One fact. `by` is the object that it is about; null where it is that nothing is there. */
export interface Fact {
  readonly kind: "whiteout" | "opaque" | "redirect" | "metacopy" | "topmost" | "merged" | "only" | "absent" | "refused" | "index" | "symlink" | "not-a-directory" | "loop";
  readonly by: ObjectStep | null;
  readonly text: string;
}

/** What is to say of the root: the kernel's marks do not count there. */
export const ROOT = "the root of the overlay is merged of the roots of the layers, but for data-only ones";

/** The facts that decided what a path is. */
export function decide(stack: Stack, { entry, hops, blocked, isLoop }: Resolution): Fact[] {
  if (isLoop) return [{ kind: "loop", by: null, text: "the path has too many symlinks" }];
  if (blocked) return blockedFacts(stack, blocked);
  if (!entry) return [{ kind: "merged", by: null, text: ROOT }];
  const above = hops.slice(0, -1).flatMap((hop) => [...marksOnTheWay(stack, hop.entry), ...linkFacts(hop)]);
  return [...above, ...factsOf(stack, entry)];
}

function blockedFacts(stack: Stack, blocked: Entry): Fact[] {
  const path = display(blocked.path);
  if (blocked.answer.kind !== "found") return factsOf(stack, blocked).map((fact) => ({ ...fact, text: `'${path}' is not there, for ${fact.text}` }));
  const by = blocked.answer.provider;
  return [{ kind: "not-a-directory", by, text: `'${path}' is a ${typeWord(by.stat)}, not a directory: ${seenText(by)}` }];
}

function linkFacts({ entry, target }: Hop): Fact[] {
  const by = entry.provider;
  return target === null ? [] : [{ kind: "symlink", by, text: `'${display(entry.path)}' is a symlink to '${display(target)}'` }];
}

/** What of the directories above makes other layers count, or not. */
function marksOnTheWay(stack: Stack, { objects, path }: Entry): Fact[] {
  const facts: Fact[] = [];
  for (const step of objects) {
    if (step.kind !== "directory" || (step.use !== "provides" && step.use !== "merges")) continue;
    const text = (what: string): string => `'${display(path)}' ${what} ('${display(placeOf(step))}': ${evidenceOf(stack, step).join(", ")})`;
    if (step.opaque === "y") facts.push({ kind: "opaque", by: step, text: text(`is opaque in ${layerName(step.layer)}`) });
    if (step.redirect !== null) facts.push({ kind: "redirect", by: step, text: text(`is redirected to '${display(step.redirect)}' in ${layerName(step.layer)}`) });
  }
  return facts;
}

function factsOf(stack: Stack, entry: Entry): Fact[] {
  const { answer } = entry;
  switch (answer.kind) {
    case "missing": return [missingFact(stack, entry, answer.by)];
    case "refused": return [{ kind: "refused", by: null, text: describeRefusal(stack, answer.reason) }];
    case "found":
      if (answer.provider.kind === "directory") return [...marksOnTheWay(stack, entry), directoryFact(entry)];
      return [answer.provider.metacopy > 0 ? metacopyFact(stack, answer.provider, answer.data) : topmostFact(stack, entry, answer.provider)];
  }
}

function missingFact(stack: Stack, { shadowed }: Entry, by: Hiding | null): Fact {
  if (by) return { kind: "whiteout", by: by.by, text: `it is hidden by ${describeHiding(stack, by)}` };
  const [copy] = shadowed;
  const hiding = copy?.hiding;
  if (!hiding) return { kind: "absent", by: null, text: "no layer has it" };
  const kind = hiding.cause === "whiteout" || hiding.cause === "opaque" || hiding.cause === "redirect" ? hiding.cause : "absent";
  return { kind, by: hiding.by, text: `what ${layerName(copy.layer)} has there is hidden by ${describeHiding(stack, hiding)}` };
}

function directoryFact({ objects }: Entry): Fact {
  const sources = sourcesOf(objects);
  const names = layerNames(sources.map(({ layer }) => layer));
  if (sources.length === 1) return { kind: "only", by: sources[0]!, text: `only ${names} has a directory there that counts` };
  return { kind: "merged", by: sources[0]!, text: `directories of one name are merged: ${names}; owner, mode and times are those of the topmost` };
}

function metacopyFact(stack: Stack, provider: FileStep, data: FileStep | null): Fact {
  const where = data ? `its data is '${display(placeOf(data))}' of ${layerName(data.layer)}` : "no data-only layer has its data, so reading it fails";
  return { kind: "metacopy", by: provider, text: `it holds attributes alone (${evidenceOf(stack, provider).join(", ")}); ${where}` };
}

function topmostFact(stack: Stack, { objects }: Entry, provider: FileStep): Fact {
  if (provider.layer === stack.indexPlace) {
    return { kind: "index", by: provider, text: "it is a hard link of a lower file, and the copy that another name of it was given stands for all of them (index=on)" };
  }
  const isAlone = objects.filter(({ use }) => use !== "passes").length === 1;
  return { kind: isAlone ? "only" : "topmost", by: provider, text: isAlone ? `only ${layerName(provider.layer)} has it` : seenText(provider) };
}

function seenText({ layer, stat }: ObjectStep): string {
  return `${layerName(layer)} is the topmost layer that has it, and a ${typeWord(stat)} ends the search`;
}
