/**
 * A mount that fails leaves nothing behind: the engine prepares the work directory before the transport is
 * asked to mount, and what it made there is taken away again. Only empty directories are ever removed.
 */
import { existsSync, rmdirSync } from "node:fs";
import { bytes, concat, toBuffer, type Bytes } from "../sys/bytes.js";
import { realPath } from "./mountpoint.js";

/** What the engine makes in a work directory, innermost first. */
const MADE = ["/work/incompat/volatile", "/work/incompat", "/work"].map(bytes);

/** Notes what `work` holds now; the answer removes what has been added since. */
export function noteLeftovers(work: Bytes | undefined): () => void {
  const path = work === undefined ? undefined : resolved(work);
  if (path === undefined) return () => undefined;
  const added = MADE.map((name) => toBuffer(concat(path, name))).filter((directory) => !existsSync(directory));
  return () => added.forEach(removeIfEmpty);
}

function resolved(path: Bytes): Bytes | undefined {
  try {
    return realPath(path);
  } catch {
    return undefined;
  }
}

function removeIfEmpty(directory: Buffer): void {
  try {
    rmdirSync(directory);
  } catch {
    // Not made after all, or no longer empty: then it is not ours to remove.
  }
}
