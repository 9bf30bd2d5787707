/**
 * What the transport over libfuse 2 can't do, each with how it is refused: by an errno to the call, never by
 * doing something else. docs/transports.md prints this table.
 */
export interface Limit {
  readonly what: string;
  /** What the caller meets. */
  readonly answer: string;
  readonly why: string;
}

export const LIMITS: readonly Limit[] = [
  { what: "renameat2 with RENAME_NOREPLACE or RENAME_EXCHANGE", answer: "EINVAL", why: "libfuse 2 has no rename flags; the kernel refuses before it asks" },
  { what: "O_TMPFILE", answer: "EOPNOTSUPP", why: "libfuse 2 has no such request" },
  { what: "fallocate", answer: "EOPNOTSUPP", why: "fuse-native does not pass it on" },
  { what: "copy_file_range on the backing files", answer: "the kernel copies through memory", why: "libfuse 2 has no such request" },
  { what: "SEEK_DATA, SEEK_HOLE", answer: "the whole file is data", why: "libfuse 2 has no such request" },
  { what: "POSIX ACLs", answer: "EOPNOTSUPP", why: "libfuse 2 does not negotiate FUSE_POSIX_ACL" },
  { what: "names and link targets that are not UTF-8", answer: "left out of listings; EILSEQ where one is named", why: "fuse-native makes JavaScript strings of them" },
  { what: "the owner of new files", answer: "the mounter's", why: "fuse-native does not tell who asks" },
  { what: "nanoseconds of times", answer: "milliseconds", why: "fuse-native carries milliseconds" },
  { what: "inode numbers over 32 bits", answer: "another number, unique for the life of the mount", why: "fuse-native carries 32 bits" },
  { what: "a long copy-up beside other requests", answer: "they wait", why: "requests are answered one after the other" },
];
