/** Order of the ten doubles that `Queries.fstatfs` fills; `native-bindings/stat.c` fills them in this order. */
export enum StatfsField { Type, Bsize, Blocks, Bfree, Bavail, Files, Ffree, Namelen, Frsize, Flags }

/** How many they are. */
export const STATFS_FIELDS = 10;
