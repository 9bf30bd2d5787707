/**
 * The structures of `linux/fuse.h`, each declared once under the kernel's names: a member's value is its byte
 * offset, as C lays it out, and `sizeof` the size of the whole. The protocol is in host byte order with every
 * member naturally aligned, so offsets are computed here and checked against a C compiler by the tests.
 */

/** What a member is: a scalar, another structure or an array. */
export interface Shape {
  readonly sizeof: number;
  readonly alignment: number;
}

/** One member, for those who go through a structure by table. */
export interface Member {
  readonly name: string;
  readonly offset: number;
  readonly shape: Shape;
}

export type Struct<Members extends Record<string, Shape>> = Shape & {
  readonly members: readonly Member[];
} & { readonly [Name in keyof Members]: number };

/** Any structure, when only its table matters. */
export type AnyStruct = Shape & { readonly members: readonly Member[] };

export const u16: Shape = { sizeof: 2, alignment: 2 };
export const u32: Shape = { sizeof: 4, alignment: 4 };
export const u64: Shape = { sizeof: 8, alignment: 8 };

function array(shape: Shape, count: number): Shape {
  return { sizeof: shape.sizeof * count, alignment: shape.alignment };
}

function align(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}

function struct<Members extends Record<string, Shape>>(shapes: Members): Struct<Members> {
  const members: Member[] = [];
  let end = 0;
  let alignment = 1;
  for (const [name, shape] of Object.entries(shapes)) {
    const offset = align(end, shape.alignment);
    members.push({ name, offset, shape });
    end = offset + shape.sizeof;
    alignment = Math.max(alignment, shape.alignment);
  }
  const offsets = Object.fromEntries(members.map((member) => [member.name, member.offset]));
  return { ...offsets, sizeof: align(end, alignment), alignment, members } as unknown as Struct<Members>;
}

export const fuse_in_header = struct({
  len: u32, opcode: u32, unique: u64, nodeid: u64, uid: u32, gid: u32, pid: u32, total_extlen: u16, padding: u16,
});
export const fuse_out_header = struct({ len: u32, error: u32, unique: u64 });

export const fuse_attr = struct({
  ino: u64, size: u64, blocks: u64, atime: u64, mtime: u64, ctime: u64,
  atimensec: u32, mtimensec: u32, ctimensec: u32,
  mode: u32, nlink: u32, uid: u32, gid: u32, rdev: u32, blksize: u32, flags: u32,
});
export const fuse_sx_time = struct({ tv_sec: u64, tv_nsec: u32, __reserved: u32 });
export const fuse_statx = struct({
  mask: u32, blksize: u32, attributes: u64, nlink: u32, uid: u32, gid: u32, mode: u16, __spare0: u16,
  ino: u64, size: u64, blocks: u64, attributes_mask: u64,
  atime: fuse_sx_time, btime: fuse_sx_time, ctime: fuse_sx_time, mtime: fuse_sx_time,
  rdev_major: u32, rdev_minor: u32, dev_major: u32, dev_minor: u32, __spare2: array(u64, 14),
});
export const fuse_kstatfs = struct({
  blocks: u64, bfree: u64, bavail: u64, files: u64, ffree: u64,
  bsize: u32, namelen: u32, frsize: u32, padding: u32, spare: array(u32, 6),
});

export const fuse_init_in = struct({
  major: u32, minor: u32, max_readahead: u32, flags: u32, flags2: u32, unused: array(u32, 11),
});
export const fuse_init_out = struct({
  major: u32, minor: u32, max_readahead: u32, flags: u32, max_background: u16, congestion_threshold: u16,
  max_write: u32, time_gran: u32, max_pages: u16, map_alignment: u16, flags2: u32, max_stack_depth: u32,
  request_timeout: u16, unused: array(u16, 11),
});
export const fuse_interrupt_in = struct({ unique: u64 });

export const fuse_entry_out = struct({
  nodeid: u64, generation: u64, entry_valid: u64, attr_valid: u64, entry_valid_nsec: u32, attr_valid_nsec: u32,
  attr: fuse_attr,
});
export const fuse_forget_in = struct({ nlookup: u64 });
export const fuse_forget_one = struct({ nodeid: u64, nlookup: u64 });
export const fuse_batch_forget_in = struct({ count: u32, dummy: u32 });
export const fuse_mknod_in = struct({ mode: u32, rdev: u32, umask: u32, padding: u32 });
export const fuse_mkdir_in = struct({ mode: u32, umask: u32 });
export const fuse_rename_in = struct({ newdir: u64 });
export const fuse_rename2_in = struct({ newdir: u64, flags: u32, padding: u32 });
export const fuse_link_in = struct({ oldnodeid: u64 });
export const fuse_create_in = struct({ flags: u32, mode: u32, umask: u32, open_flags: u32 });
export const fuse_open_in = struct({ flags: u32, open_flags: u32 });
export const fuse_open_out = struct({ fh: u64, open_flags: u32, backing_id: u32 });
export const fuse_release_in = struct({ fh: u64, flags: u32, release_flags: u32, lock_owner: u64 });
export const fuse_flush_in = struct({ fh: u64, unused: u32, padding: u32, lock_owner: u64 });

export const fuse_getattr_in = struct({ getattr_flags: u32, dummy: u32, fh: u64 });
export const fuse_attr_out = struct({ attr_valid: u64, attr_valid_nsec: u32, dummy: u32, attr: fuse_attr });
export const fuse_statx_in = struct({ getattr_flags: u32, reserved: u32, fh: u64, sx_flags: u32, sx_mask: u32 });
export const fuse_statx_out = struct({
  attr_valid: u64, attr_valid_nsec: u32, flags: u32, spare: array(u64, 2), stat: fuse_statx,
});
export const fuse_setattr_in = struct({
  valid: u32, padding: u32, fh: u64, size: u64, lock_owner: u64, atime: u64, mtime: u64, ctime: u64,
  atimensec: u32, mtimensec: u32, ctimensec: u32, mode: u32, unused4: u32, uid: u32, gid: u32, unused5: u32,
});
export const fuse_statfs_out = struct({ st: fuse_kstatfs });
export const fuse_access_in = struct({ mask: u32, padding: u32 });

export const fuse_read_in = struct({
  fh: u64, offset: u64, size: u32, read_flags: u32, lock_owner: u64, flags: u32, padding: u32,
});
export const fuse_write_in = struct({
  fh: u64, offset: u64, size: u32, write_flags: u32, lock_owner: u64, flags: u32, padding: u32,
});
export const fuse_write_out = struct({ size: u32, padding: u32 });
export const fuse_fsync_in = struct({ fh: u64, fsync_flags: u32, padding: u32 });
export const fuse_fallocate_in = struct({ fh: u64, offset: u64, length: u64, mode: u32, padding: u32 });
export const fuse_lseek_in = struct({ fh: u64, offset: u64, whence: u32, padding: u32 });
export const fuse_lseek_out = struct({ offset: u64 });
export const fuse_copy_file_range_in = struct({
  fh_in: u64, off_in: u64, nodeid_out: u64, fh_out: u64, off_out: u64, len: u64, flags: u64,
});
export const fuse_copy_file_range_out = struct({ bytes_copied: u64 });
export const fuse_ioctl_in = struct({ fh: u64, flags: u32, cmd: u32, arg: u64, in_size: u32, out_size: u32 });

export const fuse_ioctl_out = struct({ result: u32, flags: u32, in_iovs: u32, out_iovs: u32 });

export const fuse_setxattr_in = struct({ size: u32, flags: u32, setxattr_flags: u32, padding: u32 });
export const fuse_getxattr_in = struct({ size: u32, padding: u32 });
export const fuse_getxattr_out = struct({ size: u32, padding: u32 });

/** Without its flexible array member `name`, which begins at `sizeof`. */
export const fuse_dirent = struct({ ino: u64, off: u64, namelen: u32, type: u32 });
export const fuse_direntplus = struct({ entry_out: fuse_entry_out, dirent: fuse_dirent });

export const fuse_notify_inval_inode_out = struct({ ino: u64, off: u64, len: u64 });
export const fuse_notify_inval_entry_out = struct({ parent: u64, namelen: u32, flags: u32 });
