/**
 * V8 optimizes what is called often on threads of its own. While copies are made ahead these take the processors from the copies, from
 * the caller and from the main thread, where there are no more, and few clients go on for as long as optimized code takes to
 * pay. So it waits for a moment then.
 */
import { availableParallelism } from "node:os";
import { setFlagsFromString } from "node:v8";
import type { Engine } from "../engine/engine.js";

/** With more there is one left for V8. */
const FEW_PROCESSORS = 2;
/** Milliseconds. */
const WAIT = 1000;

export function optimizeLate(engine: Engine): void {
  if (availableParallelism() > FEW_PROCESSORS) return;
  engine.onCopyingAhead = () => {
    setFlagsFromString("--no-opt");
    setTimeout(() => setFlagsFromString("--opt"), WAIT).unref();
  };
}
