/**
 * How a layer says that something is not there: whiteouts (a 0/0 character device, or an empty regular file
 * with the whiteout xattr) and opaque directories (opaque=`y`). A directory that holds whiteouts by xattr is
 * marked opaque=`x`, so that a listing asks for them. The marks of OCI layers stand in oci.ts.
 * Source: Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories"; ovl_path_is_whiteout
 * in fs/overlayfs/util.c.
 */
import type { Bytes } from "../sys/bytes.js";
import { native } from "../sys/native.js";
import { S_IFCHR, S_IFREG, type Stat } from "../sys/stat.js";
import { isMarkedOpaque } from "./oci.js";
import type { RealDirectory } from "./real.js";

const probe = Buffer.alloc(1);
const empty = Buffer.alloc(0);

/** Whether the object `name` of `directory`, with these attributes, is a whiteout. */
export function isWhiteout(directory: RealDirectory, name: Bytes, stat: Stat): boolean {
  if (stat.type === S_IFCHR) return stat.rdevMajor === 0 && stat.rdevMinor === 0;
  if (stat.type !== S_IFREG || stat.size !== 0) return false;
  return native.getxattrat(directory.fd(), name, directory.layer.xattrs.whiteout, empty) >= 0;
}

/** What a directory says of the layers below it. */
export type Opacity = "transparent" | "opaque" | "xwhiteouts";

/** Reads the opaque mark of a directory. */
export function opacity(directory: RealDirectory): Opacity {
  const length = native.getxattrat(directory.dirfd(), directory.name, directory.layer.xattrs.opaque, probe);
  if (length !== 1) return isMarkedOpaque(directory) ? "opaque" : "transparent";
  if (probe[0] === 0x79) return "opaque";
  return probe[0] === 0x78 ? "xwhiteouts" : "transparent";
}
