/**
 * A mount that fails leaves nothing behind: the engine prepares the work directory and marks the upper before the
 * transport is asked to mount, and what it made there is taken away again. Only empty directories and files, and
 * the xattrs that such a preparation sets, are ever removed.
 */
import { lstatSync, rmdirSync, unlinkSync } from "node:fs";
import { bytes, concat, toBuffer, type Bytes } from "../sys/bytes.js";
import { AT_FDCWD } from "../sys/constants.js";
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import { realPath } from "./mountpoint.js";

/** What the engine makes in a work directory, innermost first. */
const MADE = ["/work/incompat/volatile/dirty", "/work/incompat/volatile", "/work/incompat", "/work", "/index"].map(bytes);
/** What it sets on the root of the upper. */
const MARKS = ["trusted", "user"].flatMap((namespace) => ["uuid", "origin"].map((name) => bytes(`${namespace}.overlay.${name}`)));

const empty = Buffer.alloc(0);

/** Notes what the work directory and the upper hold now; the answer takes away what has been added since. */
export function noteLeftovers(work: Bytes | undefined, upper: Bytes | undefined): () => void {
  const undoWork = noteWork(work === undefined ? undefined : resolved(work));
  const undoUpper = noteUpper(upper === undefined ? undefined : resolved(upper));
  return () => {
    undoWork();
    undoUpper();
  };
}

function noteWork(path: Bytes | undefined): () => void {
  const before = new Stat();
  if (path === undefined || native.statx(AT_FDCWD, path, before.fields) < 0) return () => undefined;
  const added = MADE.map((name) => toBuffer(concat(path, name))).filter((place) => kindOf(place) === null);
  return () => {
    const removed = added.filter(removeIfEmpty);
    if (removed.length === 0) return;
    native.utimensat(AT_FDCWD, path, before.atimeSec, before.atimeNsec, before.mtimeSec, before.mtimeNsec);
  };
}

function noteUpper(path: Bytes | undefined): () => void {
  if (path === undefined) return () => undefined;
  const absent = MARKS.filter((name) => native.getxattrat(AT_FDCWD, path, name, empty) < 0);
  return () => { for (const name of absent) native.removexattrat(AT_FDCWD, path, name); };
}

function resolved(path: Bytes): Bytes | undefined {
  try {
    return realPath(path);
  } catch {
    return undefined;
  }
}

function kindOf(place: Buffer): "directory" | "file" | null {
  try {
    return lstatSync(place).isDirectory() ? "directory" : "file";
  } catch {
    return null;
  }
}

/** Whether it was there, empty, and now is gone. */
function removeIfEmpty(place: Buffer): boolean {
  try {
    if (kindOf(place) === "directory") rmdirSync(place);
    else unlinkSync(place);
    return true;
  } catch {
    return false;
  }
}
