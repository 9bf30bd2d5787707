/** Who may set `trusted.*` xattrs: only root of the machine, which root of a user namespace or a container may not be. */
import { bytes } from "./bytes.js";
import { AT_FDCWD } from "./constants.js";
import { E } from "./errno.js";
import { native } from "./native.js";

/** Has no xattrs, and is asked for permission before it says so. */
const SOMEWHERE = bytes("/proc/self/ns");
const SOMETHING = bytes("trusted.overlay.ovlfs");

/** Found out by removing what is not there: the kernel lets nothing else decide (xattr_permission in fs/xattr.c). */
export function mayUseTrusted(): boolean {
  return process.geteuid!() === 0 && native.removexattrat(AT_FDCWD, SOMEWHERE, SOMETHING) !== -E.EPERM;
}
