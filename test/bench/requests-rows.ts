/** The operations that requests are counted for, each in a directory of its own with names n0, n1, …. */

/** What the names of a row are before it begins: nothing, files of 4 KiB of a layer, or directories of the lower with 20 files each. */
export type Prepared = "nothing" | "lower" | "upper" | "directories";

export interface Row {
  readonly name: string;
  readonly prepared: Prepared;
  /**
   * Operations of requests.c that are done to all names before the counting. What asks the daemon for a listing
   * makes the kernel ask for attributes once more (atime), so it is warm only after the second time.
   */
  readonly before?: readonly string[];
  /** The kernel's caches are dropped just before the counting. */
  readonly cold?: boolean;
  /** Those that are counted. */
  readonly counted: readonly string[];
}

export const rows: readonly Row[] = [
  { name: "create, write 1 KiB, close", prepared: "nothing", counted: ["create"] },
  { name: "open, read, close; cold", prepared: "lower", cold: true, counted: ["read"] },
  { name: "open, read, close; warm", prepared: "lower", before: ["read"], counted: ["read"] },
  { name: "open, fstat, mmap, close; cold", prepared: "lower", cold: true, counted: ["map"] },
  { name: "open, fstat, mmap, close; warm", prepared: "lower", before: ["map"], counted: ["map"] },
  { name: "stat; cold", prepared: "lower", cold: true, counted: ["stat"] },
  { name: "stat; warm", prepared: "lower", before: ["stat"], counted: ["stat"] },
  { name: "stat of a missing name; cold", prepared: "nothing", cold: true, counted: ["miss"] },
  { name: "stat of a missing name; warm", prepared: "nothing", before: ["miss"], counted: ["miss"] },
  { name: "access; warm", prepared: "lower", before: ["stat"], counted: ["access"] },
  { name: "readdir of 20 names; cold", prepared: "directories", cold: true, counted: ["list"] },
  { name: "readdir of 20 names; warm", prepared: "directories", before: ["list", "list"], counted: ["list"] },
  { name: "readdir and 20 stats; cold", prepared: "directories", cold: true, counted: ["list-attributes"] },
  { name: "readdir and 20 stats; warm", prepared: "directories", before: ["list-attributes", "list-attributes"], counted: ["list-attributes"] },
  { name: "unlink, upper file", prepared: "upper", before: ["stat"], counted: ["unlink"] },
  { name: "unlink, lower file", prepared: "lower", before: ["stat"], counted: ["unlink"] },
  { name: "unlink, lower file; cold", prepared: "lower", cold: true, counted: ["unlink"] },
  { name: "rename, upper file", prepared: "upper", before: ["stat"], counted: ["rename"] },
  { name: "rename, lower file (copy-up)", prepared: "lower", before: ["stat"], counted: ["rename"] },
  { name: "link, upper file", prepared: "upper", before: ["stat"], counted: ["link"] },
  { name: "symlink", prepared: "nothing", counted: ["symlink"] },
  { name: "mkdir", prepared: "nothing", counted: ["mkdir"] },
  { name: "rmdir", prepared: "nothing", before: ["mkdir"], counted: ["rmdir"] },
  { name: "chmod, lower file (copy-up)", prepared: "lower", before: ["stat"], counted: ["chmod"] },
  { name: "touch, upper file", prepared: "upper", before: ["stat"], counted: ["touch"] },
  { name: "open O_APPEND, write 4 KiB, close; lower file (copy-up)", prepared: "lower", before: ["stat"], counted: ["append"] },
  { name: "open O_TRUNC, write 1 KiB, close; upper file", prepared: "upper", before: ["stat"], counted: ["rewrite"] },
  { name: "new file, write, fsync, close, rename over the old", prepared: "upper", before: ["stat"], counted: ["save"] },
  { name: "write 4 KiB behind the last, to one open file", prepared: "nothing", before: ["keep-open"], counted: ["write-kept"] },
  { name: "the same, and the close", prepared: "nothing", before: ["keep-open"], counted: ["write-kept", "close-kept"] },
  { name: "write 4 KiB behind the last and fsync", prepared: "nothing", before: ["keep-open"], counted: ["write-sync-kept"] },
  { name: "getxattr security.capability", prepared: "lower", before: ["capability"], counted: ["capability"] },
  { name: "statfs", prepared: "lower", before: ["stat"], counted: ["statfs"] },
];
