/** Errors as the one sentence that the user gets. */

/** The message of an error, on one line. */
export function sentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\s*\n\s*/g, " ");
}
