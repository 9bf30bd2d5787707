/** How this very program is started again, wherever it was installed. */

/** The words to put before those of a command. */
export function programWords(): readonly string[] {
  return [process.execPath, ...process.execArgv, process.argv[1]!];
}
