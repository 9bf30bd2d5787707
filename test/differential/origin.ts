/** Says of a stored file handle what it leads to: a lower or upper path, which is what both sides must agree on. */
import type { MountPlan } from "./mounts.js";
import { tolerantSnapshot, type Picture, type Snapshot } from "../harness/snapshot.js";
import { raw } from "../harness/syscalls.js";
import { AT_FDCWD, O_DIRECTORY, O_PATH, O_RDONLY } from "../../src/sys/constants.js";
import { errnoName } from "../../src/sys/errno.js";
import { native } from "../../src/sys/native.js";
import { Stat } from "../../src/sys/stat.js";

/** struct ovl_fb of fs/overlayfs/overlayfs.h: version, magic, length, flags, type, uuid[16], then the handle. */
const TYPE_AT = 4;
const HANDLE_AT = 21;

const stat = new Stat();

export interface InodeNames {
  /** What a stored handle leads to. */
  readonly leadsTo: (value: Buffer, plan: MountPlan) => string;
}

/** The names of all inodes of a plan's layers. */
export function namesOf({ lowers, dataOnly }: MountPlan, upper: Snapshot): InodeNames {
  const names = new Map<string, string>();
  const add = (layer: string, tree: Snapshot): void => {
    for (const [path, picture] of tree) if (!names.has(picture.ino!)) names.set(picture.ino!, `${layer}:${path}`);
  };
  [...lowers, ...dataOnly].forEach((layer, index) => add(`l${index}`, tolerantSnapshot(layer)));
  add("upper", upper);
  return { leadsTo: (value, plan) => decode(value, plan, names) };
}

/** The tree with the xattrs that are handles as what they lead to. */
export function withLeadingPaths(tree: Snapshot, plan: MountPlan, names: InodeNames): Snapshot {
  return new Map([...tree].map(([path, picture]): [string, Picture] => [path, Object.fromEntries(Object.entries(picture)
    .map(([field, value]) => [field, /^xattr trusted\.overlay\.(origin|upper)$/.test(field) ? names.leadsTo(Buffer.from(value, "hex"), plan) : value]))]));
}

function decode(value: Buffer, { lowers }: MountPlan, names: ReadonlyMap<string, string>): string {
  if (value.length <= HANDLE_AT) return value.length === 0 ? "none" : "malformed";
  const handle = Buffer.alloc(4 + value.length - HANDLE_AT);
  handle.writeInt32LE(value.readUInt8(TYPE_AT), 0);
  value.copy(handle, 4, HANDLE_AT);
  const mountFd = native.openat(AT_FDCWD, raw(lowers[0]!), O_RDONLY | O_DIRECTORY, 0);
  const fd = native.openByHandleAt(mountFd, handle, O_PATH);
  native.close(mountFd);
  if (fd < 0) return `not found: ${errnoName(fd)}`;
  native.statx(fd, raw(""), stat.fields);
  native.close(fd);
  return names.get(String(stat.ino)) ?? "nothing";
}
