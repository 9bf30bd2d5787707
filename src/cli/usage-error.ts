/** A command line that cannot be carried out; the message is one sentence that names the word and the remedy. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
