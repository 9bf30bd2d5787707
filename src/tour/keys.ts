/** The keys of a learner: on, or out. The terminal is raw only while a key is waited for, and never left so. */

/** Waits for Enter or space (true), or for q, Ctrl-C, Ctrl-D or the end of input (false); `stop` ends the wait too. */
export function nextOrQuit(input: NodeJS.ReadStream, stop: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (goOn: boolean): void => {
      input.off("data", onData);
      input.off("end", onEnd);
      input.off("error", onEnd);
      stop.removeEventListener("abort", onEnd);
      try {
        input.setRawMode(false);
      } catch {
        // The terminal is gone; there is nothing to set back.
      }
      input.pause();
      resolve(goOn);
    };
    const onEnd = (): void => end(false);
    const onData = (data: Buffer): void => {
      const key = data.toString("latin1")[0] ?? "";
      if (key === "\r" || key === "\n" || key === " ") end(true);
      else if (key === "q" || key === "Q" || key === "\x03" || key === "\x04") end(false);
    };
    if (stop.aborted) return resolve(false);
    stop.addEventListener("abort", onEnd);
    input.setRawMode(true);
    input.on("data", onData);
    input.once("end", onEnd);
    input.once("error", onEnd);
    input.resume();
  });
}
