/** The structures as a C compiler lays out those of `linux/fuse.h`, protocol 7.45. */
import { expect, test } from "vitest";
import * as structs from "../../src/fuse/structs.js";

/** Of each structure sizeof, then offsetof of each member, as printed by C. */
const layouts: Readonly<Record<string, readonly number[]>> = {
  fuse_in_header: [40, 0, 4, 8, 16, 24, 28, 32, 36, 38],
  fuse_out_header: [16, 0, 4, 8],
  fuse_attr: [88, 0, 8, 16, 24, 32, 40, 48, 52, 56, 60, 64, 68, 72, 76, 80, 84],
  fuse_sx_time: [16, 0, 8, 12],
  fuse_statx: [256, 0, 4, 8, 16, 20, 24, 28, 30, 32, 40, 48, 56, 64, 80, 96, 112, 128, 132, 136, 140, 144],
  fuse_kstatfs: [80, 0, 8, 16, 24, 32, 40, 44, 48, 52, 56],
  fuse_init_in: [64, 0, 4, 8, 12, 16, 20],
  fuse_init_out: [64, 0, 4, 8, 12, 16, 18, 20, 24, 28, 30, 32, 36, 40, 42],
  fuse_interrupt_in: [8, 0],
  fuse_entry_out: [128, 0, 8, 16, 24, 32, 36, 40],
  fuse_forget_in: [8, 0],
  fuse_forget_one: [16, 0, 8],
  fuse_batch_forget_in: [8, 0, 4],
  fuse_mknod_in: [16, 0, 4, 8, 12],
  fuse_mkdir_in: [8, 0, 4],
  fuse_rename_in: [8, 0],
  fuse_rename2_in: [16, 0, 8, 12],
  fuse_link_in: [8, 0],
  fuse_create_in: [16, 0, 4, 8, 12],
  fuse_open_in: [8, 0, 4],
  fuse_open_out: [16, 0, 8, 12],
  fuse_release_in: [24, 0, 8, 12, 16],
  fuse_flush_in: [24, 0, 8, 12, 16],
  fuse_getattr_in: [16, 0, 4, 8],
  fuse_attr_out: [104, 0, 8, 12, 16],
  fuse_statx_in: [24, 0, 4, 8, 16, 20],
  fuse_statx_out: [288, 0, 8, 12, 16, 32],
  fuse_setattr_in: [88, 0, 4, 8, 16, 24, 32, 40, 48, 56, 60, 64, 68, 72, 76, 80, 84],
  fuse_statfs_out: [80, 0],
  fuse_access_in: [8, 0, 4],
  fuse_read_in: [40, 0, 8, 16, 20, 24, 32, 36],
  fuse_write_in: [40, 0, 8, 16, 20, 24, 32, 36],
  fuse_write_out: [8, 0, 4],
  fuse_fsync_in: [16, 0, 8, 12],
  fuse_fallocate_in: [32, 0, 8, 16, 24, 28],
  fuse_lseek_in: [24, 0, 8, 16, 20],
  fuse_lseek_out: [8, 0],
  fuse_copy_file_range_in: [56, 0, 8, 16, 24, 32, 40, 48],
  fuse_copy_file_range_out: [8, 0],
  fuse_ioctl_in: [32, 0, 8, 12, 16, 24, 28],
  fuse_ioctl_out: [16, 0, 4, 8, 12],
  fuse_setxattr_in: [16, 0, 4, 8, 12],
  fuse_getxattr_in: [8, 0, 4],
  fuse_getxattr_out: [8, 0, 4],
  fuse_dirent: [24, 0, 8, 16, 20],
  fuse_direntplus: [152, 0, 128],
  fuse_notify_inval_inode_out: [24, 0, 8, 16],
  fuse_notify_inval_entry_out: [16, 0, 8, 12],
};

const declared = Object.entries(structs).filter((entry): entry is [string, structs.AnyStruct] => entry[0].startsWith("fuse_"));

test.each(declared)("%s is laid out as in C", (name, { sizeof, members }) => {
  expect([sizeof, ...members.map(({ offset }) => offset)]).toEqual(layouts[name]);
});
