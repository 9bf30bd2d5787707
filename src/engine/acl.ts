/**
 * What a new object inherits from its directory, for objects that are built in the work directory and so
 * don't get it from the file system: default ACLs, or else the umask, and the group of a setgid directory.
 * Source: acl(5), "OBJECT CREATION AND DEFAULT ACLs"; posix_acl_create and inode_init_owner in the kernel;
 * struct posix_acl_xattr_entry in linux/posix_acl_xattr.h.
 */
import { native } from "../sys/native.js";
import { S_IFDIR, S_IFLNK, S_ISGID, Stat } from "../sys/stat.js";
import { readXattr } from "./real-xattr.js";
import { ITSELF, type RealDirectory } from "./real.js";
import type { Caller } from "./types.js";
import { XATTR_ACL_DEFAULT } from "./xattr-names.js";

// u32 version, then entries of u16 e_tag, u16 e_perm, u32 e_id.
const HEADER = 4;
const ENTRY = 8;
const ACL_USER_OBJ = 0x01;
const ACL_GROUP_OBJ = 0x04;
const ACL_MASK = 0x10;
const ACL_OTHER = 0x20;

/** What a new object is to have. */
export interface Inherited {
  readonly uid: number;
  readonly gid: number;
  /** Permission bits and setgid. */
  readonly mode: number;
  /** Values of the ACL xattrs; null for none. */
  readonly accessAcl: Buffer | null;
  readonly defaultAcl: Buffer | null;
}

const stat = new Stat();

/** What an object of `mode` (with its type) made by `caller` in `parent` inherits; or an errno. */
export function inherit(parent: RealDirectory, mode: number, caller: Caller): Inherited | number {
  const found = native.statx(parent.fd(), ITSELF, stat.fields);
  if (found < 0) return found;
  const type = mode & 0o170000;
  const takesGroup = (stat.mode & S_ISGID) !== 0;
  const gid = takesGroup ? stat.gid : caller.gid;
  const bits = (mode & 0o7777) | (takesGroup && type === S_IFDIR ? S_ISGID : 0);
  const plain = { uid: caller.uid, gid, accessAcl: null, defaultAcl: null };
  if (type === S_IFLNK) return { ...plain, mode: 0o777 };
  const value = readXattr(parent, XATTR_ACL_DEFAULT);
  if (typeof value === "number" || value.length <= HEADER) return { ...plain, mode: bits & ~caller.umask };
  const defaultAcl = Buffer.from(value);
  const { acl, mode: masked, isExtended } = maskAcl(Buffer.from(value), bits);
  return {
    ...plain,
    mode: masked,
    accessAcl: isExtended ? acl : null,
    defaultAcl: type === S_IFDIR ? defaultAcl : null,
  };
}

/** Cuts the permissions of an inherited ACL down to the mode asked for, and the mode to those of the ACL. */
function maskAcl(acl: Buffer, mode: number): { acl: Buffer; mode: number; isExtended: boolean } {
  let masked = mode;
  let group = -1;
  let mask = -1;
  let isExtended = false;
  const cut = (at: number, shift: number): void => {
    const permissions = acl.readUInt16LE(at + 2) & (mode >> shift) & 7;
    acl.writeUInt16LE(permissions, at + 2);
    masked = (masked & ~(7 << shift)) | (permissions << shift);
  };
  for (let at = HEADER; at + ENTRY <= acl.length; at += ENTRY) {
    const tag = acl.readUInt16LE(at);
    if (tag === ACL_USER_OBJ) cut(at, 6);
    else if (tag === ACL_OTHER) cut(at, 0);
    else if (tag === ACL_GROUP_OBJ) group = at;
    else {
      isExtended = true;
      if (tag === ACL_MASK) mask = at;
    }
  }
  const classEntry = mask >= 0 ? mask : group;
  if (classEntry >= 0) cut(classEntry, 3);
  return { acl, mode: masked, isExtended };
}
