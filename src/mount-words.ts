/** A mount's flags and source in the words that fusermount and libfuse take as options. */
import { MS_DIRSYNC, MS_NOATIME, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_RDONLY, MS_SYNCHRONOUS } from "./sys/constants.js";

/** The word for a flag that is set, and the one for a flag that is not, where there is one. */
const FLAG_WORDS: readonly (readonly [flag: number, on: string, off: string])[] = [
  [MS_RDONLY, "ro", "rw"], [MS_NOSUID, "nosuid", "suid"], [MS_NODEV, "nodev", "dev"], [MS_NOEXEC, "noexec", ""],
  [MS_NOATIME, "noatime", ""], [MS_SYNCHRONOUS, "sync", ""], [MS_DIRSYNC, "dirsync", ""],
];

/** The words for MS_* flags. What is not set is said too: helpers take nosuid and nodev by themselves. */
export function flagWords(flags: number): string[] {
  return FLAG_WORDS.map(([flag, on, off]) => (flags & flag ? on : off)).filter((word) => word !== "");
}

/** A value in an option string: a backslash before each comma and backslash, as fuse_opt_parse has it. */
export function escapeOption<Text extends string>(value: Text): Text {
  return value.replace(/[\\,]/g, "\\$&") as Text;
}
