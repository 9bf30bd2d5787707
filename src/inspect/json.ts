/** Steps as JSON. */
import { jsonName } from "../json-name.js";
import { errnoName } from "../sys/errno.js";
import { layerName, type Stack } from "./stack.js";
import { isObject, type DirectoryStep, type FileStep, type Hiding, type ObjectStep, type Step } from "./steps.js";
import { describeHiding, evidenceOf, modeText, placeOf, typeWord } from "./words.js";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
type JsonObject = { readonly [name: string]: Json };

/** An object's layer, and where it is on this machine. */
export function placeJson(step: Pick<ObjectStep, "layer" | "path">): JsonObject {
  return { layer: layerName(step.layer), ...jsonName("path", placeOf(step)) };
}

export function attributesJson({ stat }: DirectoryStep | FileStep): JsonObject {
  return { type: typeWord(stat), mode: modeText(stat), size: stat.size };
}

function hidingJson(stack: Stack, hiding: Hiding): JsonObject {
  return { cause: hiding.cause, by: placeJson(hiding.by), text: describeHiding(stack, hiding) };
}

export function objectJson(stack: Stack, step: ObjectStep): JsonObject {
  const evidence = evidenceOf(stack, step);
  return {
    ...placeJson(step), kind: step.kind, use: step.use,
    ...(step.kind === "whiteout" ? {} : attributesJson(step)),
    ...(evidence.length > 0 ? { evidence } : {}),
    ...(step.hiding ? { hidden: hidingJson(stack, step.hiding) } : {}),
  };
}

export function stepJson(stack: Stack, step: Step): JsonObject {
  if (isObject(step)) return objectJson(stack, step);
  return { ...placeJson(step), kind: step.kind, ...(step.kind === "failed" ? { error: errnoName(step.error) } : {}) };
}
