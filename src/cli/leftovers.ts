/**
 * A mount that fails leaves nothing behind: the engine prepares the work directory before the transport is
 * asked to mount, and what it made there is taken away again. Only empty directories are ever removed.
 */
import { existsSync, rmdirSync } from "node:fs";
import { bytes, concat, toBuffer, type Bytes } from "../sys/bytes.js";
import { AT_FDCWD } from "../sys/constants.js";
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import { realPath } from "./mountpoint.js";

/** What the engine makes in a work directory, innermost first. */
const MADE = ["/work/incompat/volatile", "/work/incompat", "/work"].map(bytes);

/** Notes what `work` holds now; the answer takes away what has been added since. */
export function noteLeftovers(work: Bytes | undefined): () => void {
  const path = work === undefined ? undefined : resolved(work);
  const before = new Stat();
  if (path === undefined || native.statx(AT_FDCWD, path, before.fields) < 0) return () => undefined;

  const added = MADE.map((name) => toBuffer(concat(path, name))).filter((directory) => !existsSync(directory));
  return () => {
    const removed = added.filter(removeIfEmpty);
    if (removed.length === 0) return;
    native.utimensat(AT_FDCWD, path, before.atimeSec, before.atimeNsec, before.mtimeSec, before.mtimeNsec);
  };
}

function resolved(path: Bytes): Bytes | undefined {
  try {
    return realPath(path);
  } catch {
    return undefined;
  }
}

/** Whether it was there, empty, and now is gone. */
function removeIfEmpty(directory: Buffer): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch {
    return false;
  }
}
