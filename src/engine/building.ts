/**
 * Regular files under construction in the work directory: without a name where the file system has O_TMPFILE,
 * else under a temporary one. Either way one call publishes them, and nothing of them is seen before.
 */
import type { Bytes } from "../sys/bytes.js";
import { native } from "../sys/native.js";
import { RealFile, type Place, type RealDirectory } from "./real.js";
import { createFile, createNameless, linkFile, rename } from "./upper.js";
import type { Work } from "./work.js";

export interface Building {
  /** Open for reading and writing. */
  readonly fd: number;
  /** Null for a file without a name. */
  readonly name: Bytes | null;
  /** For the calls that set its metadata. */
  readonly place: Place;
}

/** Starts a regular file; or an errno. */
export function createBuilding(work: Work, mode: number): Building | number {
  if (work.features.tmpfile) {
    const fd = createNameless(work.directory, mode & 0o7777);
    return fd < 0 ? fd : { fd, name: null, place: RealFile.nameless(work.directory, fd) };
  }
  const name = work.temporaryName();
  const fd = createFile(work.directory, name, mode & 0o7777);
  return fd < 0 ? fd : { fd, name, place: new RealFile(work.directory, name) };
}

/** Publishes it under a name that is free; the descriptor stays open. 0 or an errno. */
export function publishNew(work: Work, building: Building, directory: RealDirectory, name: Bytes): number {
  if (building.name === null) return linkFile(building.place, directory, name);
  return rename(work.directory, building.name, directory, name, 0);
}

/** Publishes it in the place of a file; the descriptor stays open. 0 or an errno. */
export function publishOver(work: Work, building: Building, directory: RealDirectory, name: Bytes): number {
  if (building.name !== null) return rename(work.directory, building.name, directory, name, 0);
  const temporary = work.temporaryName();
  let error = linkFile(building.place, work.directory, temporary);
  if (error >= 0) error = rename(work.directory, temporary, directory, name, 0);
  if (error < 0) work.discard(temporary);
  return error;
}

/** Gives up what was not published. */
export function discardBuilding(work: Work, building: Building): void {
  native.close(building.fd);
  if (building.name !== null) work.discard(building.name);
}
