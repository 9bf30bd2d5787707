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
const UUID_AT = 5;
const HANDLE_AT = 21;

const stat = new Stat();

export interface InodeNames {
  /** What a stored handle leads to. */
  readonly leadsTo: (value: Buffer, plan: MountPlan) => string;
}

/** The names of all inodes of a plan's layers. */
export function namesOf({ lowers, dataOnly, upper }: MountPlan, upperTree: Snapshot): InodeNames {
  const names = new Map<string, string>();
  const add = (label: string, layer: string, tree: Snapshot): void => {
    const device = deviceOf(AT_FDCWD, layer);
    for (const [path, picture] of tree) {
      const key = `${device} ${picture.ino!}`;
      if (!names.has(key)) names.set(key, `${label}:${path}`);
    }
  };
  [...lowers, ...dataOnly].forEach((layer, index) => add(`l${index}`, layer, tolerantSnapshot(layer)));
  add("upper", upper, upperTree);
  return { leadsTo: (value, plan) => decode(value, plan, names) };
}

function deviceOf(dirfd: number, path: string): number {
  native.statx(dirfd, raw(path), stat.fields);
  return stat.dev;
}

/** The tree with the xattrs that are handles as what they lead to. */
export function withLeadingPaths(tree: Snapshot, plan: MountPlan, names: InodeNames): Snapshot {
  return new Map([...tree].map(([path, picture]): [string, Picture] => [path, Object.fromEntries(Object.entries(picture)
    .map(([field, value]) => [field, /^xattr trusted\.overlay\.(origin|upper)$/.test(field) ? names.leadsTo(Buffer.from(value, "hex"), plan) : value]))]));
}

function decode(value: Buffer, { lowers, upper }: MountPlan, names: ReadonlyMap<string, string>): string {
  if (value.length <= HANDLE_AT) return value.length === 0 ? "none" : "malformed";
  const handle = Buffer.alloc(4 + value.length - HANDLE_AT);
  handle.writeInt32LE(value.readUInt8(TYPE_AT), 0);
  value.copy(handle, 4, HANDLE_AT);
  let answer = "on no file system of the layers";
  for (const layer of [...lowers, upper]) {
    const mountFd = native.openat(AT_FDCWD, raw(layer), O_RDONLY | O_DIRECTORY, 0);
    if (hasUuid(mountFd, value.subarray(UUID_AT, HANDLE_AT))) answer = decodeOn(mountFd, handle, names);
    native.close(mountFd);
    if (!answer.startsWith("on no")) return answer;
  }
  return answer;
}

/** Whether a file system is the one that a handle names; one that names none is of the only one. */
function hasUuid(fd: number, wanted: Buffer): boolean {
  if (wanted.every((byte) => byte === 0)) return true;
  const found = Buffer.alloc(16);
  return native.fsUuid(fd, found) < 0 || found.equals(wanted);
}

function decodeOn(mountFd: number, handle: Buffer, names: ReadonlyMap<string, string>): string {
  const fd = native.openByHandleAt(mountFd, handle, O_PATH);
  if (fd < 0) return `not found: ${errnoName(fd)}`;
  const device = deviceOf(fd, "");
  native.close(fd);
  return names.get(`${device} ${stat.ino}`) ?? "nothing";
}
