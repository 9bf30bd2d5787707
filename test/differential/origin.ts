/** Says of an origin handle what it leads to: the lower path, which is what both sides must agree on. */
import type { MountPlan } from "./mounts.js";
import { snapshot, type Picture, type Snapshot } from "../harness/snapshot.js";
import { raw } from "../harness/syscalls.js";
import { AT_FDCWD, O_DIRECTORY, O_PATH, O_RDONLY } from "../../src/sys/constants.js";
import { errnoName } from "../../src/sys/errno.js";
import { native } from "../../src/sys/native.js";
import { Stat } from "../../src/sys/stat.js";

/** struct ovl_fb of fs/overlayfs/overlayfs.h: version, magic, length, flags, type, uuid[16], then the handle. */
const TYPE_AT = 4;
const HANDLE_AT = 21;

const stat = new Stat();

/** The snapshot of an upper with each origin as `layer/path`. */
export function originPaths(upper: Snapshot, { lowers, dataOnly }: MountPlan): Snapshot {
  const names = new Map<string, string>();
  for (const [index, layer] of [...lowers, ...dataOnly].entries()) {
    for (const [path, picture] of snapshot(layer)) {
      const key = picture.ino!;
      if (!names.has(key)) names.set(key, `l${index}:${path}`);
    }
  }
  const mountFd = native.openat(AT_FDCWD, raw(lowers[0]!), O_RDONLY | O_DIRECTORY, 0);
  try {
    return new Map([...upper].map(([path, picture]) => [path, told(picture, mountFd, names)]));
  } finally {
    native.close(mountFd);
  }
}

function told(picture: Picture, mountFd: number, names: ReadonlyMap<string, string>): Picture {
  const field = Object.keys(picture).find((name) => /^xattr (trusted|user)\.overlay\.origin$/.test(name));
  return field === undefined ? picture : { ...picture, [field]: decode(Buffer.from(picture[field]!, "hex"), mountFd, names) };
}

/** What a handle leads to. */
export function decode(value: Buffer, mountFd: number, names: ReadonlyMap<string, string>): string {
  if (value.length <= HANDLE_AT) return value.length === 0 ? "none" : "malformed";
  const handle = Buffer.alloc(4 + value.length - HANDLE_AT);
  handle.writeInt32LE(value.readUInt8(TYPE_AT), 0);
  value.copy(handle, 4, HANDLE_AT);
  const fd = native.openByHandleAt(mountFd, handle, O_PATH);
  if (fd < 0) return `not found: ${errnoName(fd)}`;
  native.statx(fd, raw(""), stat.fields);
  native.close(fd);
  return names.get(String(stat.ino)) ?? "no lower";
}
