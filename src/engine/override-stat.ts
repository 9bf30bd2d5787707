/**
 * Owner and mode of files and directories in an xattr of theirs, for who may not give files away: the file system's own
 * are those of the mounter then, and what is shown, and changed, is the xattr. A layer keeps them so if its root does.
 * Source: fuse-overlayfs's override_mode (utils.c); containers/storage's option force_mask.
 */
import { bytes, type Bytes } from "../sys/bytes.js";
import { native } from "../sys/native.js";
import { S_IFDIR, S_IFREG, S_ISGID, Stat } from "../sys/stat.js";
import { readXattr } from "./real-xattr.js";
import type { Place, RealDirectory } from "./real.js";
import type { AttrChange, Caller } from "./types.js";
import { setMode, setXattr } from "./upper.js";

/** The values of xattr_permissions. */
export type OverrideKind = "security" | "user";

const NAMES: Readonly<Record<OverrideKind, Bytes>> = {
  security: bytes("security.fuseoverlayfs.override_stat"),
  user: bytes("user.fuseoverlayfs.override_stat"),
};
const CONTAINERS = bytes("user.containers.override_stat");
const empty = Buffer.alloc(0);
const KEEP = -1;
const PERMISSIONS = 0o7777;
const OWNER_OF_FILE = 0o600;
const OWNER_OF_DIRECTORY = 0o700;

/** The xattr in which a layer keeps owner and mode, by what its root has; null where it does not. */
export function overrideOf(root: RealDirectory): Bytes | null {
  return [NAMES.security, NAMES.user, CONTAINERS].find((name) => native.getxattrat(root.dirfd(), root.name, name, empty) >= 0) ?? null;
}

/** From now on the upper keeps owner and mode so, and its root says it; 0 or an errno. */
export function startOverride(root: RealDirectory, kind: OverrideKind): number {
  root.layer.statOverride = NAMES[kind];
  const found = native.statx(root.dirfd(), root.name, current.fields);
  if (found < 0 || native.getxattrat(root.dirfd(), root.name, NAMES[kind], empty) >= 0) return Math.min(found, 0);
  return store(root, current);
}

/** Puts owner and mode of an object, if its layer keeps them in an xattr and it has one, into its attributes. */
export function applyOverride(place: Place, stat: Stat): void {
  const { statOverride } = place.layer;
  if (statOverride === null || !isKept(stat)) return;
  const value = readXattr(place, statOverride);
  const [, uid, gid, mode] = typeof value === "number" ? [] : /^(\d+):(\d+):([0-7]+)/.exec(value.toString("latin1")) ?? [];
  if (uid === undefined) return;
  stat.uid = Number(uid);
  stat.gid = Number(gid);
  stat.mode = stat.type | (parseInt(mode!, 8) & PERMISSIONS);
}

/** Symlinks and devices can't have such xattrs. */
function isKept({ type }: Stat): boolean {
  return type === S_IFREG || type === S_IFDIR;
}

const current = new Stat();

/** Whether owner and mode of an object of the upper are to be changed in its xattr; its attributes are in `current` then. */
function isOverridden(place: Place): boolean {
  if (place.layer.statOverride === null || native.statx(place.dirfd(), place.name, current.fields) < 0 || !isKept(current)) return false;
  applyOverride(place, current);
  return true;
}

/** Changes owner and mode in the xattr; null where they are not there, else 0 or an errno. */
export function changeOverride(place: Place, { uid = KEEP, gid = KEEP, mode }: AttrChange): number | null {
  if (!isOverridden(place)) return null;
  if (uid !== KEEP) current.uid = uid;
  if (gid !== KEEP) current.gid = gid;
  if (mode !== undefined) current.mode = current.type | (mode & PERMISSIONS);
  return store(place, current);
}

/** Gives a copy the owner and mode of `stat`; null where it has to have them itself, else 0 or an errno. */
export function copyOverride(target: Place, stat: Stat): number | null {
  if (target.layer.statOverride === null || !isKept(stat)) return null;
  return store(target, stat);
}

/** Notes whose a new object is; 0 or an errno. */
export function createOverride(parent: RealDirectory, place: Place, { uid, gid }: Caller): number {
  if (place.layer.statOverride === null) return 0;
  const inherits = isOverridden(parent) && (current.mode & S_ISGID) !== 0;
  const group = inherits ? current.gid : gid;
  return changeOverride(place, { uid, gid: group }) ?? 0;
}

/** The file itself stays accessible to the mounter. */
function store(place: Place, stat: Stat): number {
  const value = Buffer.from(`${String(stat.uid)}:${String(stat.gid)}:${(stat.mode & PERMISSIONS).toString(8)}`);
  const error = setXattr(place, place.layer.statOverride!, value, 0);
  return error < 0 ? error : setMode(place, (stat.mode & 0o777) | (stat.isDirectory ? OWNER_OF_DIRECTORY : OWNER_OF_FILE));
}
