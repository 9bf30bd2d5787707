/**
 * The link count of an indexed file: its names in the upper and those in the lowers that nothing covers. It is
 * kept in an xattr of the file as a difference to the link count of the upper (`U+1`) or of the lower (`L-1`),
 * so that a name which comes or goes changes both at once, also when the machine stops in between.
 * Source: the comment above ovl_set_nlink_common in fs/overlayfs/inode.c; ovl_nlink_start in util.c.
 */
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import type { FileInode } from "./inode.js";
import type { Place } from "./real.js";
import { readXattr } from "./real-xattr.js";
import { setXattr } from "./upper.js";

const stat = new Stat();
const FORM = /^([LU])([+-]\d{1,10})$/;

/** The count that a stored value means; null where it is malformed. */
export function parseNlink(value: Buffer, lowerNlink: number, upperNlink: number): number | null {
  const parts = FORM.exec(value.toString("latin1"));
  return parts && (parts[1] === "L" ? lowerNlink : upperNlink) + Number(parts[2]);
}

/** The count of an indexed upper as it is stored; `fallback` where that can't be told. */
export function readNlink(upper: Place, lowerNlink: number, upperNlink: number, fallback: number): number {
  const value = readXattr(upper, upper.layer.xattrs.nlink);
  const nlink = typeof value === "number" ? null : parseNlink(value, lowerNlink, upperNlink);
  return nlink === null || nlink <= 0 ? fallback : nlink;
}

/** Stores the count of an indexed file as a difference to its upper, before a change of both; 0 or an errno. */
export function storeNlink(inode: FileInode): number {
  const { indexed, upper } = inode;
  if (!indexed || !upper) return 0;
  const found = native.statx(upper.dirfd(), upper.name, stat.fields);
  return found < 0 ? found : store(upper, "U", indexed.nlink - stat.nlink);
}

/** Stores it as a difference to its lower, before the upper has its next name; 0 or an errno. */
export function storeNlinkOfLower(inode: FileInode): number {
  return inode.indexed && inode.upper ? store(inode.upper, "L", inode.indexed.nlink - inode.indexed.lowerNlink) : 0;
}

function store(upper: Place, base: "U" | "L", difference: number): number {
  const value = Buffer.from(`${base}${difference < 0 ? "" : "+"}${difference}`);
  return setXattr(upper, upper.layer.xattrs.nlink, value, 0);
}
