/** Extended attributes of any file, symlinks and devices too, as bytes. */
import { check, raw } from "./syscalls.js";
import { AT_FDCWD } from "../../src/sys/constants.js";
import { native } from "../../src/sys/native.js";

const buffer = Buffer.alloc(65536);

/** The value of `attribute`; Refused with ENODATA where there is none. */
export function getXattr(path: string, attribute: string): Buffer {
  const length = check(native.getxattrat(AT_FDCWD, raw(path), raw(attribute), buffer), `getxattr ${path} ${attribute}`);
  return Buffer.from(buffer.subarray(0, length));
}

/** The names that listxattr(2) gives, sorted; none where the file system has no xattrs. */
export function listXattrs(path: string): string[] {
  const length = native.listxattrat(AT_FDCWD, raw(path), buffer);
  if (length === -95) return [];
  check(length, `listxattr ${path}`);
  return buffer.toString("latin1", 0, length).split("\0").filter((name) => name !== "").sort();
}

/** Sets it; `flags` is 0, XATTR_CREATE or XATTR_REPLACE. */
export function setXattr(path: string, attribute: string, value: string | Uint8Array, flags = 0): void {
  const content = typeof value === "string" ? Buffer.from(value, "latin1") : value;
  check(native.setxattrat(AT_FDCWD, raw(path), raw(attribute), content, flags), `setxattr ${path} ${attribute}`);
}

export function removeXattr(path: string, attribute: string): void {
  check(native.removexattrat(AT_FDCWD, raw(path), raw(attribute)), `removexattr ${path} ${attribute}`);
}

/** One entry of a POSIX ACL. Tags as in `<linux/posix_acl.h>`: owner, a user, the group, a group, mask, others. */
export interface AclEntry {
  readonly tag: "owner" | "user" | "group-owner" | "group" | "mask" | "other";
  readonly id?: number;
  readonly permissions: number;
}

const aclTags = { owner: 0x01, user: 0x02, "group-owner": 0x04, group: 0x08, mask: 0x10, other: 0x20 } as const;

/** The value of system.posix_acl_access or _default: version 2, then (tag, permissions, id) in little endian. */
export function aclValue(entries: readonly AclEntry[]): Buffer {
  const value = Buffer.alloc(4 + 8 * entries.length);
  value.writeUInt32LE(2, 0);
  entries.forEach((entry, index) => {
    const at = 4 + 8 * index;
    value.writeUInt16LE(aclTags[entry.tag], at);
    value.writeUInt16LE(entry.permissions, at + 2);
    value.writeUInt32LE(entry.id ?? 0xffffffff, at + 4);
  });
  return value;
}

/** A security.capability value (VFS_CAP_REVISION_2): cap_net_raw permitted and effective. */
export function capabilityValue(): Buffer {
  const value = Buffer.alloc(20);
  value.writeUInt32LE(0x02000001, 0);
  value.writeUInt32LE(1 << 13, 4);
  return value;
}
