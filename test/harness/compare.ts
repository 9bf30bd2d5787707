/** Compares two snapshots and says in lines what differs; what may differ is left out by a view first. */
import type { Capability } from "./mounters.js";
import type { Picture, Snapshot } from "./snapshot.js";
import { display, type Bytes } from "../../src/sys/bytes.js";

/** What a comparison looks at; answers with the picture to compare. */
export type View = (picture: Picture, path: string) => Picture;

/** One line per difference, such as `dir/file: mode is 600, expected 644`. */
export function differences(actual: Snapshot, expected: Snapshot, view: View = (picture) => picture): string[] {
  const lines: string[] = [];
  for (const path of [...new Set([...expected.keys(), ...actual.keys()])].sort()) {
    const found = actual.get(path);
    const wanted = expected.get(path);
    const label = display(path as Bytes);
    if (found === undefined) lines.push(`${label}: is missing (expected a ${wanted!.type!})`);
    else if (wanted === undefined) lines.push(`${label}: is there (a ${found.type!}), expected nothing`);
    else lines.push(...fieldDifferences(label, view(found, path), view(wanted, path)));
  }
  return lines;
}

function fieldDifferences(label: string, found: Picture, wanted: Picture): string[] {
  const fields = [...new Set([...Object.keys(wanted), ...Object.keys(found)])];
  return fields
    .filter((field) => found[field] !== wanted[field])
    .map((field) => `${label}: ${field} is ${found[field] ?? "absent"}, expected ${wanted[field] ?? "none"}`);
}

function without(picture: Picture, ...fields: string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(picture).filter(([field]) => !fields.includes(field)));
}

/** For lowers: everything, but not the access times of what reading by any means touches. */
export const untouched: View = (picture) => (picture.type === "file" ? picture : without(picture, "atime"));

/** For a mounter whose merged tree can't show all: what it can't is left out. */
export function shownBy(can: ReadonlySet<Capability>, view: View): View {
  const hidden = [...(can.has("nanoseconds") ? [] : ["mtime"]), ...(can.has("shared-links") ? [] : ["nlink", "sameFileAs"]),
    ...(can.has("acls") ? [] : ["xattr system.posix_acl_access", "xattr system.posix_acl_default"])];
  return (picture, path) => without(view(picture, path), ...hidden);
}

/** For one upper seen through two mounts: inode numbers and a directory's link count are each mount's own. */
export const sameMerge: View = (picture) => without(picture, "ino", "atime", ...(picture.type === "directory" ? ["nlink"] : []));

/** The fields of a mark of the format, without and with userxattr. */
function marks(name: string): string[] { return [`xattr trusted.overlay.${name}`, `xattr user.overlay.${name}`]; }

/**
 * For two runs of the same case: a time after `start` is "now", the value of an origin handle or of the uuid
 * says nothing, the kernel links whiteouts to one another, and numbers that the file system gave out are left out.
 * A directory that was in the upper before (`prebuilt`) is given an origin by the kernel when it is looked up,
 * and its parent the impure mark; ovlfs writes nothing on a lookup.
 */
export function sameRun(start: number, prebuilt: ReadonlySet<string>): View {
  return (picture, path) => {
    const view = without(picture, "ino", "atime", ...marks("uuid"), ...(picture.type === "directory" ? ["nlink"] : []));
    if (picture.device === "0,0") return { type: "whiteout" };
    if (Number(picture.mtime!.split(".")[0]) >= start) view.mtime = "now";
    if (picture.type === "directory" && prebuilt.has(path)) return without(view, ...marks("origin"), ...marks("impure"));
    for (const origin of marks("origin")) if (view[origin] !== undefined) view[origin] = "present";
    return view;
  };
}
