/**
 * `ovlfs install-helper`: puts the two names under which mount(8) looks for a helper into /sbin, so that
 * `mount -t ovlfs`, `mount -t fuse.ovlfs`, fstab and systemd find this very installation wherever it lies: mount(8)
 * runs its helpers with the system's PATH. Files that it did not write are left alone.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { shellWord } from "../../shell-word.js";
import { bytes, display, type Bytes } from "../../sys/bytes.js";
import { codeOf } from "../failure.js";
import { LAUNCHER } from "../launcher.js";
import { UsageError } from "../usage-error.js";
import { noValue, unknownOption, WordReader } from "../word-reader.js";

const HELPERS = ["/sbin/mount.ovlfs", "/sbin/mount.fuse.ovlfs"] as const;

/** Known by this line, a helper is ours to replace and to remove. */
const MARK = "# Written by 'ovlfs install-helper'; 'ovlfs install-helper --remove' takes it away.";

export const help = `usage: ovlfs install-helper [--remove]

Puts ${HELPERS.join(" and ")} in place, so that mount(8) mounts the types ovlfs and
fuse.ovlfs, from fstab and systemd too. They name this installation by its path: run it again where that has moved.

  --remove    take them away again
`;

export async function run(words: readonly Bytes[]): Promise<number> {
  const isRemoval = readWords(words);
  for (const helper of HELPERS) {
    if (!isOurs(helper)) throw new UsageError(`${helper} was not made by ovlfs; move it away first`);
  }
  for (const helper of HELPERS) {
    if (isRemoval) attempt(`${helper} cannot be removed`, () => rmSync(helper, { force: true }));
    else attempt(`${helper} cannot be written`, () => write(helper));
    process.stdout.write(`${isRemoval ? "removed" : "wrote"} ${helper}\n`);
  }
  return Promise.resolve(0);
}

function readWords(words: readonly Bytes[]): boolean {
  const reader = new WordReader(words);
  let isRemoval = false;
  for (let item = reader.read(); item !== undefined; item = reader.read()) {
    if ("plain" in item) throw new UsageError(`there is one word too many: '${display(item.plain)}'; 'ovlfs install-helper' takes no name`);
    if (item.option !== "--remove") throw unknownOption(item.option, "install-helper");
    noValue(item);
    isRemoval = true;
  }
  return isRemoval;
}

/** Whether there is nothing of that name, or a helper that this command wrote. */
function isOurs(helper: string): boolean {
  try {
    return readFileSync(helper, "latin1").includes(MARK);
  } catch (error) {
    return codeOf(error) === "ENOENT";
  }
}

function write(helper: string): void {
  const unfinished = `${helper}.new`;
  writeFileSync(unfinished, scriptOf(helper), { mode: 0o755 });
  renameSync(unfinished, helper);
}

function scriptOf(helper: string): string {
  return `#!/bin/sh
${MARK}
program=${shellWord(LAUNCHER)}
if [ ! -x "$program" ]; then
  echo "${helper}: ovlfs is no longer at $program; install it and run 'ovlfs install-helper' again" >&2
  exit 32
fi
exec "$program" mount-helper "$@"
`;
}

function attempt(failure: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    const code = codeOf(error);
    const remedy = code === "EACCES" || code === "EPERM" ? "do it as root" : "check the directory";
    throw new UsageError(`${failure}: ${display(bytes(code))}; ${remedy}`);
  }
}
