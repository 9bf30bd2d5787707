/**
 * What the transport over libfuse 2 can't do, and what a caller meets instead. What can be refused is refused, by
 * an errno or at the mount; where libfuse itself swallows a request, that is said. docs/transports.md prints this.
 */
export interface Limit {
  readonly what: string;
  /** What the caller meets. */
  readonly answer: string;
  readonly why: string;
}

export const LIMITS: readonly Limit[] = [
  { what: "renameat2 with RENAME_NOREPLACE or RENAME_EXCHANGE", answer: "EINVAL", why: "libfuse 2 has no rename flags; the kernel refuses for it" },
  { what: "O_TMPFILE", answer: "EOPNOTSUPP", why: "libfuse 2 has no such request" },
  { what: "fallocate", answer: "EOPNOTSUPP", why: "fuse-native does not pass it on" },
  { what: "POSIX ACLs", answer: "EOPNOTSUPP", why: "libfuse 2 does not negotiate FUSE_POSIX_ACL" },
  { what: "names, link targets and xattr names that are not UTF-8, or hold U+FFFD", answer: "EILSEQ; left out of directory listings, once with a line in the log", why: "fuse-native makes JavaScript strings of them" },
  { what: "other users in a writable overlay (allow_other)", answer: "as root EACCES for them, with a line in the log at the mount; for an ordinary user the mount is refused", why: "fuse-native does not tell who asks, so their files would be the mounter's, setuid programs too; a read-only overlay admits them" },
  { what: "nodiratime, relatime, strictatime, lazytime", answer: "ignored, with a line in the log at the mount", why: "libfuse 2 does not know them" },
  { what: "SEEK_DATA, SEEK_HOLE", answer: "the whole file is data", why: "libfuse 2 has no such request" },
  { what: "copy_file_range, reflinks", answer: "the kernel copies through memory", why: "libfuse 2 has no such request" },
  { what: "times finer than milliseconds", answer: "milliseconds, rounded down", why: "fuse-native carries milliseconds" },
  { what: "times before 1970", answer: "set as they are, shown as 1970", why: "fuse-native answers unsigned milliseconds" },
  { what: "setting atime or mtime alone", answer: "nothing is set, and success is answered", why: "libfuse 2 drops it before it gets here" },
  { what: "chown of neither owner nor group", answer: "no ctime is set, no setuid taken away, and success is answered", why: "libfuse 2 drops it before it gets here" },
  { what: "inode numbers over 32 bits", answer: "another number, unique for the life of the mount", why: "fuse-native carries 32 bits" },
  { what: "one inode for all names of a file", answer: "the number is the same, but each name has a page cache of its own until it is opened anew", why: "libfuse 2 knows paths, not inodes" },
  { what: "a file deleted while open", answer: "it stands as .fuse_hidden… in its directory until it is closed", why: "libfuse 2 renames it, to have a path for it" },
  { what: "a position in a directory over a change", answer: "an offset into the listing as it was read", why: "libfuse 2 keeps the listing, and has no positions of ours" },
  { what: "umask where a default ACL is inherited", answer: "applied all the same", why: "libfuse 2 leaves the umask to the kernel, which does not know the ACL" },
];
