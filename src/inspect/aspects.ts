/**
 * In what two objects of layers differ as the merged tree shows them: attributes, the target of a symlink, xattrs
 * without those of the format. Data are not read: a file with other data has nearly always another time or size.
 */
import { RealFile, type RealDirectory } from "../engine/real.js";
import { readLink } from "../engine/real-link.js";
import { listXattrs, readXattr, splitNames } from "../engine/real-xattr.js";
import type { Bytes } from "../sys/bytes.js";
import { isErrno } from "../sys/errno.js";
import { S_IFBLK, S_IFCHR, S_IFLNK, S_IFMT, S_IFREG } from "../sys/stat.js";
import type { DirectoryStep, FileStep } from "./steps.js";

export type Aspect = "type" | "mode" | "owner" | "size" | "mtime" | "device" | "target" | "xattrs";

type Seen = DirectoryStep | FileStep;

/** What differs, in a fixed order; objects of two types differ in nothing else. */
export function differingAspects(now: Seen, before: Seen): Aspect[] {
  const a = now.stat;
  const b = before.stat;
  if (a.type !== b.type) return ["type"];
  const hasDevice = a.type === S_IFCHR || a.type === S_IFBLK;
  const differs: readonly [Aspect, boolean][] = [
    ["mode", (a.mode & ~S_IFMT) !== (b.mode & ~S_IFMT)],
    ["owner", a.uid !== b.uid || a.gid !== b.gid],
    ["size", a.type === S_IFREG && a.size !== b.size],
    ["mtime", a.mtimeSec !== b.mtimeSec || a.mtimeNsec !== b.mtimeNsec],
    ["device", hasDevice && (a.rdevMajor !== b.rdevMajor || a.rdevMinor !== b.rdevMinor)],
    ["target", a.type === S_IFLNK && targetOf(now) !== targetOf(before)],
    ["xattrs", xattrsOf(now) !== xattrsOf(before)],
  ];
  return differs.filter(([, isSo]) => isSo).map(([aspect]) => aspect);
}

function placeOf({ kind, directory, name }: Seen): RealDirectory | RealFile {
  // The root of a layer is its own directory.
  if (name === "") return directory;
  return kind === "directory" ? directory.child(name) : new RealFile(directory, name);
}

function targetOf(link: Seen): Bytes | null {
  const target = readLink(placeOf(link));
  return isErrno(target) ? null : target;
}

/** All xattrs that the merged tree shows, as one text to compare. */
function xattrsOf(object: Seen): string {
  const place = placeOf(object);
  const list = listXattrs(place);
  if (isErrno(list)) return "";
  const pairs = splitNames(list).flatMap((name) => {
    const merged = place.layer.xattrs.toMerged(name);
    const value = merged === null ? null : readXattr(place, name);
    return merged === null || value === null || isErrno(value) ? [] : [`${merged}=${value.toString("latin1")}`];
  });
  return pairs.sort().join("\0");
}
