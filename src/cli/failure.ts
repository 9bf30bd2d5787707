/** How a failure is told: one sentence, and the exit status that the caller expects. */
import type { Bytes } from "../sys/bytes.js";
import { MOUNT_FAILURE } from "./mount-helper.js";

/** The message of an error, on one line. */
export function sentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\s*\n\s*/g, " ");
}

/** The errno's name of an error of Node's, or what else it says. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

/** The exit status where what `words` ask for fails: mount(8) expects one of its own from its helpers. */
export function statusOfFailure(words: readonly Bytes[]): number {
  return words[0] === "mount-helper" ? MOUNT_FAILURE : 1;
}
