/**
 * Marking a directory opaque: its content is the upper's alone from then on, whatever the lowers have under its name.
 * Source: ovl_set_opaque_xerr in fs/overlayfs/dir.c.
 */
import { E } from "../sys/errno.js";
import { putOpaqueMark } from "./oci-marks.js";
import type { OverlayFs } from "./overlay-fs.js";
import type { RealDirectory } from "./real.js";
import { setXattr } from "./upper.js";
import type { Work } from "./work.js";

const OPAQUE = Buffer.from("y");

/** Marks a directory of the upper opaque; EIO where it takes no such xattrs, as with the kernel, nor other marks. */
export function markOpaque(work: Work, place: RealDirectory): number {
  if (!work.features.xattr) return place.layer.hasOciMarks ? putOpaqueMark(place) : -E.EIO;
  const error = setXattr(place, place.layer.xattrs.opaque, OPAQUE, 0);
  return error === -E.EOPNOTSUPP ? -E.EIO : error;
}

/** Whether a directory can be opaque and hold nothing: only where an xattr says that it is opaque. */
export function canClear({ work, hasOciMarks }: OverlayFs): boolean {
  return work!.features.xattr || !hasOciMarks;
}
