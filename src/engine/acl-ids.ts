/**
 * The ids in a POSIX ACL as an xattr holds it.
 * Source: struct posix_acl_xattr_header and posix_acl_xattr_entry in linux/posix_acl_xattr.h.
 */

// u32 version, then entries of u16 e_tag, u16 e_perm, u32 e_id.
const HEADER = 4;
const ENTRY = 8;
const ID = 4;
const ACL_USER = 0x02;
const ACL_GROUP = 0x08;

/** Replaces, in place, the ids of the users and groups that an ACL names. */
export function mapAclIds(acl: Uint8Array, mapUser: (id: number) => number, mapGroup: (id: number) => number): void {
  const view = new DataView(acl.buffer, acl.byteOffset, acl.byteLength);
  for (let at = HEADER; at + ENTRY <= acl.length; at += ENTRY) {
    const tag = view.getUint16(at, true);
    const map = tag === ACL_USER ? mapUser : tag === ACL_GROUP ? mapGroup : null;
    if (map) view.setUint32(at + ID, map(view.getUint32(at + ID, true)), true);
  }
}
