/**
 * Operations on many names at once: making the parents of a directory, removing a tree, copying a file. They
 * are made of single changes; one that fails leaves what was done before it.
 */
import type { Inode } from "../engine/inode.js";
import { bytes, concat, type Bytes } from "../sys/bytes.js";
import { E, isErrno } from "../sys/errno.js";
import type { Context } from "./context.js";
import { expect, OverlayError } from "./error.js";
import type { OverlayFile } from "./handle.js";
import { mkdirPlace } from "./names.js";
import { fromBytes, toBytes, type OverlayPath } from "./path.js";
import { walk, release } from "./walk.js";

const COPY_STEP = 1 << 30;
const COPY_BUFFER = 1 << 20;

/** mkdir -p: the path of the first directory made, or undefined if all were there. */
export function makeDirectories(context: Context, path: OverlayPath, mode: number): string | undefined {
  const parts = toBytes(path).split("/");
  let first: string | undefined;
  for (let count = 1; count <= parts.length; count++) {
    const part = parts[count - 1];
    if (part === "" || part === "." || part === "..") continue;
    const prefix = Buffer.from(parts.slice(0, count).join("/"), "latin1");
    const made = context.withPlace("mkdir", prefix, true, (place): Bytes | null => {
      if (place.inode?.isDirectory) return null;
      expect(mkdirPlace(context, place, mode), "mkdir", path);
      return place.path;
    });
    if (made !== null) first ??= fromBytes(made, "utf8") as string;
  }
  return first;
}

/** Removes what stands under a name, a directory with all that is below it. */
export function removeTree(context: Context, parent: Inode, name: Bytes, path: OverlayPath): void {
  const { engine } = context;
  const inode = expect(engine.lookup(parent, name), "rm", path);
  try {
    if (!inode.isDirectory) {
      expect(engine.unlink(parent, name), "rm", path);
      return;
    }
    for (const entry of childNames(context, inode, path)) {
      removeTree(context, inode, entry, Buffer.from(concat(toBytes(path), bytes("/"), entry), "latin1"));
    }
    expect(engine.rmdir(parent, name), "rm", path);
  } finally {
    engine.forget(inode, 1);
  }
}

/** The names in a directory, in a list of its own that changes do not move. */
function childNames(context: Context, inode: Inode, path: OverlayPath): Bytes[] {
  const listing = expect(context.engine.readdir(inode), "readdir", path);
  return listing.entries.map((entry) => entry.name).filter((name) => name !== "." && name !== "..");
}

/** The data of one open file into another, from the start to the end; holes and shared blocks where possible. */
export function copyData(context: Context, from: OverlayFile, to: OverlayFile): void {
  let position = 0;
  for (;;) {
    const count = context.engine.copyFileRange(from.inode, position, to.inode, position, COPY_STEP);
    if (count === 0) return;
    if (count < 0) break;
    position += count;
  }
  const buffer = Buffer.allocUnsafe(COPY_BUFFER);
  for (;;) {
    const length = from.read(buffer, { position });
    if (length === 0) return;
    to.write(buffer, { length, position });
    position += length;
  }
}

/** Refuses a copy of a file onto itself, which would empty it first. */
export function refuseSameFile(context: Context, from: OverlayFile, path: OverlayPath, dest: OverlayPath): void {
  const there = walk(context.engine, toBytes(dest), true);
  if (isErrno(there)) return;
  const same = there === from.inode;
  release(context.engine, there);
  if (same) throw new OverlayError(-E.EINVAL, "copyFile", path, dest);
}
