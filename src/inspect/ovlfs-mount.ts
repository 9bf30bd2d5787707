/**
 * What a mounted ovlfs says of itself: virtual xattrs at the root of the mount, which its daemon answers and which are
 * stored nowhere.
 */
import { display, type Bytes } from "../sys/bytes.js";
import { AT_FDCWD } from "../sys/constants.js";
import { E, errnoName, isErrno } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { InspectError } from "./inspect-error.js";
import type { OverlaySpec } from "./spec.js";

/** Reads an xattr of a file; null where it has none of that name. Throws InspectError for any other failure. */
export type XattrReader = (path: Bytes, name: string) => Bytes | null;

/** What an ovlfs mounted at `mountpoint` is made of. */
export function ovlfsSpec(mountpoint: Bytes, read: XattrReader = readXattr): OverlaySpec {
  const get = (name: string): Bytes | null => read(mountpoint, `user.ovlfs.${name}`);
  const count = get("layers");
  if (count === null) throw new InspectError(`the ovlfs at '${display(mountpoint)}' does not say what its layers are; mount it with this version, or name the layers by --lower and --upper`);
  const options = get("options");
  const statistics = get("statistics");
  return {
    source: "ovlfs", merged: mountpoint,
    lower: listOf(get, "lower", Number(count)), dataOnly: listOf(get, "data", Infinity),
    upper: get("upper"), work: get("work"),
    options: options === null || options === "" ? [] : options.split(","),
    statistics: statistics === null ? null : parseStatistics(statistics),
  };
}

function listOf(get: (name: string) => Bytes | null, name: string, count: number): Bytes[] {
  const list: Bytes[] = [];
  while (list.length < count) {
    const path = get(`${name}.${list.length}`);
    if (path === null) break;
    list.push(path);
  }
  return list;
}

/** Lines `name value`. */
function parseStatistics(text: Bytes): ReadonlyMap<string, string> {
  return new Map(text.split("\n").filter((line) => line !== "").map((line) => {
    const space = line.indexOf(" ");
    return [line.slice(0, space), line.slice(space + 1)];
  }));
}

const buffer = Buffer.alloc(65536);

function readXattr(path: Bytes, name: string): Bytes | null {
  const length = native.getxattrat(AT_FDCWD, path, name as Bytes, buffer);
  if (!isErrno(length)) return buffer.toString("latin1", 0, length) as Bytes;
  if (length === -E.ENODATA || length === -E.EOPNOTSUPP) return null;
  throw new InspectError(`the ovlfs at '${display(path)}' does not answer (${errnoName(length)}); its daemon may be gone: 'ovlfs umount' removes what it left`);
}
