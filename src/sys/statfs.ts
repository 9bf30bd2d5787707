/** Order of the ten doubles that `Queries.fstatfs` fills; `native-bindings/stat.c` fills them in this order. */
export enum StatfsField { Type, Bsize, Blocks, Bfree, Bavail, Files, Ffree, Namelen, Frsize, Flags }

/** How many they are. */
export const STATFS_FIELDS = 10;

// Values of `StatfsField.Type`, from linux/magic.h.
export const BTRFS_SUPER_MAGIC = 0x9123683e;
export const EXT4_SUPER_MAGIC = 0xef53;
export const OVERLAYFS_SUPER_MAGIC = 0x794c7630;
export const TMPFS_MAGIC = 0x01021994;
export const XFS_SUPER_MAGIC = 0x58465342;
