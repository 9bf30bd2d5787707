/**
 * Origins against what a lookup finds: a directory of the upper that is merged and does not say with what
 * learns it, and an origin that names another lower is told from one that names this.
 * Source: ovl_fix_origin and ovl_verify_origin_xattr in fs/overlayfs/namei.c.
 */
import { E } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { markImpure } from "./impure.js";
import type { DirectoryInode } from "./inode.js";
import { encodeOrigin } from "./origin.js";
import type { OverlayFs } from "./overlay-fs.js";
import { readXattr } from "./real-xattr.js";
import type { Place } from "./real.js";
import { setXattr } from "./upper.js";

const empty = Buffer.alloc(0);

/** Whether the origin that an upper object names is this lower one; `none` where it names none. */
export function compareOrigin(fs: OverlayFs, upper: Place, lower: Place): "same" | "other" | "none" {
  const stored = readXattr(upper, upper.layer.xattrs.origin);
  if (typeof stored === "number" || stored.length === 0) return "none";
  return Buffer.from(stored).equals(encodeOrigin(fs, lower)) ? "same" : "other";
}

/** Gives a merged directory of the upper the origin that it lacks, and its parent the impure mark; above 0 if so, or an errno. */
export function fixOrigin(fs: OverlayFs, parent: DirectoryInode, upper: Place, lower: Place): number {
  if (!fs.work?.features.xattr) return 0;
  const found = native.getxattrat(upper.dirfd(), upper.name, upper.layer.xattrs.origin, empty);
  if (found !== -E.ENODATA) return 0;
  const error = setXattr(upper, upper.layer.xattrs.origin, encodeOrigin(fs, lower), 0);
  const impure = error < 0 ? error : markImpure(fs, parent);
  return impure < 0 ? impure : 1;
}
