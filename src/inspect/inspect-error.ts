/** An overlay that cannot be looked at; the message is one sentence for the user, with the remedy where there is one. */
export class InspectError extends Error {
  override readonly name = "InspectError";
}
