/**
 * A process that mounts ovlfs again and again: the command line's parser and its serving loop, without a new
 * process for each mount. It must not be the process that makes the calls, which would wait for itself.
 * Speaks over the IPC channel: `{ words }` in; `{ mounted }`, `{ refused }` and then `{ ended }` out.
 */
import { parseCommand } from "../../src/cli/command-line.js";
import { serve } from "../../src/cli/serve.js";
import type { Bytes } from "../../src/sys/bytes.js";

export interface Order { readonly words: readonly string[] }
export type Report = { readonly mounted: true } | { readonly refused: string } | { readonly ended: true };

function report(message: Report): void { process.send!(message); }

/** What one mount installed and the next would install again. */
function forgetHandlers(): void {
  for (const event of ["uncaughtException", "unhandledRejection", "SIGINT", "SIGTERM", "SIGHUP"]) process.removeAllListeners(event);
}

async function mount({ words }: Order): Promise<void> {
  try {
    const command = parseCommand(words as readonly Bytes[]);
    if (command.kind !== "mount") throw new Error("not a mount");
    await serve(command, () => report({ mounted: true }));
    report({ ended: true });
  } catch (error) {
    report({ refused: error instanceof Error ? error.message : String(error) });
  }
  forgetHandlers();
}

process.on("message", (order: Order) => void mount(order));
process.on("disconnect", () => process.exit(0));
