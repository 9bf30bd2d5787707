/**
 * Plain words for what lookups find: objects of layers with their evidence, why something is hidden, what decided.
 * `which` and `explain` speak in these, so that both say the same of the same thing.
 */
import { OPAQUE_XATTR } from "../engine/oci.js";
import { absolute } from "../engine/provenance.js";
import { TRUSTED, USER, type XattrNames } from "../engine/xattr-names.js";
import { display, type Bytes } from "../sys/bytes.js";
import { errnoName } from "../sys/errno.js";
import { typeOf } from "../sys/object-type.js";
import { S_IFBLK, S_IFCHR, S_IFLNK, S_IFREG, type Stat } from "../sys/stat.js";
import { readTarget } from "./resolve.js";
import { layerName, type Stack, type StackLayer } from "./stack.js";
import type { Answer, DirectoryStep, FileStep, Hiding, ObjectStep, Refusal } from "./steps.js";

export function typeWord(stat: Stat): string {
  return typeOf(stat.type);
}

export function modeText(stat: Stat): string {
  return `0${(stat.mode & 0o7777).toString(8).padStart(3, "0")}`;
}

/** Where an object of a layer is on this machine. */
export function placeOf({ layer, path }: Pick<ObjectStep, "layer" | "path">): Bytes {
  return absolute(layer, path);
}

/** The names of the format's xattrs in an overlay. */
export function marksOf(stack: Stack): XattrNames {
  return stack.rules.userxattr ? USER : TRUSTED;
}

/** An object without its marks: `file, 174 bytes, mode 0644`. */
export function describeObject(step: ObjectStep): string {
  const { stat } = step;
  if (step.kind === "whiteout") return "whiteout";
  const isDevice = stat.type === S_IFCHR || stat.type === S_IFBLK;
  const parts = [isDevice ? `${typeWord(stat)} ${stat.rdevMajor}/${stat.rdevMinor}` : typeWord(stat)];
  if (stat.type === S_IFREG) parts.push(`${stat.size} ${stat.size === 1 ? "byte" : "bytes"}`);
  if (step.kind === "file" && stat.type === S_IFLNK) return `symlink to '${display(readTarget(step) ?? "" as Bytes)}'`;
  return [...parts, `mode ${modeText(stat)}`].join(", ");
}

/** The marks of the format that an object has, as they stand on disk. */
export function evidenceOf(stack: Stack, step: ObjectStep): string[] {
  const names = marksOf(stack);
  if (step.kind === "whiteout") {
    switch (step.mark) {
      case "device": return ["character device 0/0"];
      case "xattr": return [`an empty file with the xattr ${names.whiteout}`];
      case "oci": return ["the whiteout file of an OCI layer"];
    }
  }
  const evidence: string[] = [];
  if (step.kind === "directory" && step.opaque) evidence.push(opaqueText(names, step.opaque, step.ociOpaque));
  if (step.kind === "file" && step.metacopy > 0) evidence.push(names.metacopy);
  if (step.redirect !== null) evidence.push(`${names.redirect}="${display(step.redirect)}"`);
  return evidence;
}

function opaqueText(names: XattrNames, opaque: "y" | "x", ociMark: Bytes | null): string {
  if (ociMark === null) return `${names.opaque}="${opaque}"`;
  return ociMark === OPAQUE_XATTR ? `${OPAQUE_XATTR}="y"` : `the file '${display(ociMark)}' of an OCI layer`;
}

/** What hides something: `the whiteout '/u/x' of upper (character device 0/0)`. */
export function describeHiding(stack: Stack, { cause, by }: Hiding): string {
  const place = `'${display(placeOf(by))}' of ${layerName(by.layer)}`;
  const evidence = evidenceOf(stack, by).join(", ");
  switch (cause) {
    case "file": return `the ${typeWord(by.stat)} ${place}, which ends the search`;
    case "directory": return `the directory ${place}, below which only directories count`;
    case "metacopy": return `the metacopy ${place}, whose data only a regular file can hold`;
    case "whiteout": return `the whiteout ${place} (${evidence})`;
    case "opaque": return `the opaque directory ${place} (${evidence})`;
    case "redirect": return `the redirect of ${place} (${evidence})`;
    case "index": return `${place}, the copy that another name of it was given (index=on)`;
    case "refusal": return `the refusal at ${place}`;
  }
}

/** Why a lookup ends in an error. */
export function describeRefusal(stack: Stack, reason: Refusal): string {
  const names = marksOf(stack);
  switch (reason) {
    case "redirect": return `a redirect (${names.redirect}) is not followed with redirect_dir=nofollow`;
    case "metacopy": return `a metacopy (${names.metacopy}) is not followed without metacopy=on`;
    case "no-data": return `it is a metacopy (${names.metacopy}), and no layer below has the data`;
    case "malformed-redirect": return `the redirect (${names.redirect}) is malformed`;
    case "malformed-metacopy": return `the metacopy mark (${names.metacopy}) is malformed`;
    case "loop": return "the directory is itself the root of a layer";
    case "unreadable": return "a layer cannot be read there";
  }
}

/** The answer in a word or two: `file`, `not there (ENOENT)`, `refused (EPERM)`. */
export function answerWord(answer: Answer): string {
  switch (answer.kind) {
    case "found": return describeObject(answer.provider);
    case "missing": return "not there (ENOENT)";
    case "refused": return `refused (${errnoName(answer.error)})`;
  }
}

/** So many layers next to each other are named by the first and the last. */
const SPAN = 4;

/** Layers by their names, from the top: `upper, lower 2`, and of many `upper, lower 1 to 128`. */
export function layerNames(layers: readonly StackLayer[]): string {
  const spans: StackLayer[][] = [];
  for (const layer of layers) {
    const span = spans.at(-1);
    const last = span?.at(-1);
    if (last?.kind === layer.kind && last.number + 1 === layer.number) span!.push(layer);
    else spans.push([layer]);
  }
  return spans.flatMap((span) => (span.length < SPAN ? span.map(layerName) : `${layerName(span[0]!)} to ${span.at(-1)!.number}`)).join(", ");
}

/** The layers that a directory is merged of, or the one that a file is from. */
export function sourcesOf(objects: readonly ObjectStep[]): (DirectoryStep | FileStep)[] {
  return objects.filter((step): step is DirectoryStep | FileStep => step.use === "provides" || step.use === "merges");
}
