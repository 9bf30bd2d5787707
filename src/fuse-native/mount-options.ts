/**
 * A mount request in the words of libfuse 2, and what of it cannot be had through fuse-native. Everything is
 * checked before anything is mounted.
 */
import { display, type Bytes } from "../sys/bytes.js";
import { MS_LAZYTIME, MS_NODIRATIME, MS_RDONLY, MS_RELATIME, MS_STRICTATIME } from "../sys/constants.js";
import { isErrno } from "../sys/errno.js";
import { escapeOption, flagWords } from "../mount-words.js";
import { MountError, type MountRequest } from "../transport.js";
import { toNative } from "./names.js";

/** The C half of fuse-native has so much room for the mountpoint, and for the options, each with its NUL. */
const ROOM = 1024;

/** What libfuse 2 has no words for. */
const UNSPOKEN: readonly (readonly [number, string])[] = [
  [MS_NODIRATIME, "nodiratime"], [MS_RELATIME, "relatime"], [MS_STRICTATIME, "strictatime"], [MS_LAZYTIME, "lazytime"],
];

/** The mountpoint as fuse-native takes it; throws MountError. */
export function nativeMountpoint(mountpoint: Bytes): string {
  const text = toNative(mountpoint);
  if (isErrno(text)) {
    throw new MountError(`--transport fuse-native can't mount at '${display(mountpoint)}', whose name is not UTF-8; name another directory, or use the default transport`);
  }
  if (mountpoint.length >= ROOM) {
    throw new MountError(`--transport fuse-native can't mount at a path of ${mountpoint.length} bytes; name one of less than ${ROOM}, or use the default transport`);
  }
  return text;
}

/**
 * Others than the mounter may enter only where nothing can be made: fuse-native does not tell who asks, so that
 * their files would be the mounter's, a setuid program of theirs among them.
 */
export function admitsOthers({ allowOther, engine }: Pick<MountRequest, "allowOther" | "engine">): boolean {
  return allowOther && engine.readOnly;
}

/** Root's mount admits others unless told otherwise, so that is dropped with a warning; others have asked for it. */
function refuseOthers({ log }: MountRequest): void {
  const reason = "can't tell whose the files are that others make in a writable overlay";
  if (process.geteuid!() !== 0) throw new MountError(`--transport fuse-native ${reason}; leave allow_other out, or use the default transport`);
  log.warn(`--transport fuse-native ${reason}: only the mounter may enter; use the default transport for other users`);
}

/** The options of libfuse, joined by commas; throws MountError where they do not fit. */
export function nativeOptions(request: MountRequest): string {
  const { source, engine, log } = request;
  const text = toNative(source);
  if (isErrno(text)) {
    throw new MountError(`--transport fuse-native can't show the source '${display(source)}', which is not UTF-8; name another source, or use the default transport`);
  }
  const flags = engine.readOnly ? request.flags | MS_RDONLY : request.flags;
  for (const [flag, word] of UNSPOKEN) {
    if (flags & flag) log.warn(`--transport fuse-native ignores ${word}: libfuse 2 does not know it`);
  }
  if (request.allowOther && !admitsOthers(request)) refuseOthers(request);
  const options = [
    `fsname=${escapeOption(text)}`, "subtype=ovlfs", "default_permissions", "nonempty",
    // Inode numbers are the overlay's; attributes are asked for each time, since one file has an inode for each of its names here.
    "use_ino", "attr_timeout=0", "big_writes",
    ...(admitsOthers(request) ? ["allow_other"] : []),
    ...flagWords(flags),
  ].join(",");
  if (Buffer.byteLength(`-o${options}`) >= ROOM) {
    throw new MountError("--transport fuse-native has no room for so long a source; name a shorter one, or use the default transport");
  }
  return options;
}
