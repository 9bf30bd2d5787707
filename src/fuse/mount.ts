/**
 * Mounting by mount(2), for root and for root of a user namespace. The mount is visible at once; the requests
 * that it causes wait until the connection is served.
 * Source: fuse_kern_mount in libfuse; mount.fuse3(8); fs/fuse/inode.c, fuse_fs_parameters.
 */
import { bytes, concat, display, type Bytes } from "../sys/bytes.js";
import { E, errnoName } from "../sys/errno.js";
import { MNT_DETACH } from "../sys/constants.js";
import { native } from "../sys/native.js";
import { MountError, type MountRequest } from "../transport.js";
import { Connection } from "./connection.js";

const TYPE = bytes("fuse.ovlfs");
const ROOTMODE = "40000";

/** A connection that is mounted, and how to unmount it. */
export interface Mounted {
  readonly connection: Connection;
  readonly unmount: (lazy: boolean) => Promise<number>;
}

/** Mounts; null if this process may not, so that fusermount3 has to. Throws MountError. */
export function mountDirectly(request: MountRequest): Mounted | null {
  const connection = Connection.open(request.log);
  if (typeof connection === "number") {
    if (connection === -E.EACCES && process.geteuid!() !== 0) return null;
    throw new MountError(`/dev/fuse can't be opened (${errnoName(connection)}); ${remedy(connection)}`);
  }
  const error = native.mount(request.source, request.mountpoint, TYPE, request.flags, options(connection.fd, request));
  if (error >= 0) return { connection, unmount: (lazy) => native.umountAsync(request.mountpoint, lazy ? MNT_DETACH : 0) };
  native.close(connection.fd);
  if (error === -E.EPERM && process.geteuid!() !== 0) return null;
  throw new MountError(`mounting at '${display(request.mountpoint)}' failed (${errnoName(error)}); ${refused(error)}`);
}

function options(fd: number, { allowOther, securityOptions = bytes("") }: MountRequest): Bytes {
  const ids = `user_id=${process.geteuid!()},group_id=${process.getegid!()}`;
  const base = bytes(`fd=${fd},rootmode=${ROOTMODE},${ids},default_permissions`);
  return concat(base, bytes(allowOther ? ",allow_other" : ""), securityOptions);
}

function remedy(error: number): string {
  switch (-error) {
    case E.ENOENT:
    case E.ENODEV:
    case E.ENXIO: return "load the kernel's fuse module (modprobe fuse), or give the container the device (--device /dev/fuse)";
    case E.EACCES:
    case E.EPERM: return "allow this user, or the container, to use the device";
    default: return "check the device";
  }
}

function refused(error: number): string {
  switch (-error) {
    case E.EPERM: return "mounting needs root, CAP_SYS_ADMIN or fusermount3";
    case E.ENODEV: return "the kernel has no FUSE: load the fuse module (modprobe fuse)";
    case E.EBUSY: return "the mountpoint is in use: name another directory";
    case E.ENOENT: return "the mountpoint is gone: name an existing directory";
    default: return "name another directory";
  }
}
