/** GETATTR, STATX, SETATTR, READLINK, STATFS: what an inode says about itself. */
import type { Inode } from "../engine/inode.js";
import type { AttrChange, Time } from "../engine/types.js";
import { UTIME_NOW } from "../sys/constants.js";
import { E, isErrno } from "../sys/errno.js";
import { S_ISGID, S_ISUID } from "../sys/stat.js";
import { STATFS_FIELDS } from "../sys/statfs.js";
import { DEFERRED, type Adapter, type Outcome } from "./adapter.js";
import { hasFsetid, isInGroup } from "./caller.js";
import { encodeAttrOut, encodeStatfs, encodeStatx } from "./encode.js";
import {
  FATTR_ATIME, FATTR_ATIME_NOW, FATTR_CTIME, FATTR_FH, FATTR_GID, FATTR_KILL_SUIDGID, FATTR_MODE, FATTR_MTIME,
  FATTR_MTIME_NOW, FATTR_SIZE, FATTR_UID,
} from "./protocol.js";
import { attributeLifetime, isOpenRefused, setsTimes } from "./protected-files.js";
import type { Request } from "./request.js";
import { fuse_setattr_in } from "./structs.js";

const PERMISSIONS = 0o7777;
const S_IXGRP = 0o010;
const NOW: Time = { sec: 0, nsec: UTIME_NOW };
/** chown(2) to it leaves an id as it is; of both ids it is a change all the same: of the ctime, and it clears setuid. */
const KEEP_ID = -1;

export function getattr(adapter: Adapter, request: Request, inode: Inode): Outcome {
  const lifetime = attributeLifetime(adapter, inode);
  if (lifetime === 0 && isOpenRefused(request.pid, adapter.engine.protection(inode))) return -E.EPERM;
  return answerAttributes(adapter, inode, lifetime, true);
}

/** `isTaken`: the kernel makes the answer its own, and does not only want to know that there is one. */
function answerAttributes(adapter: Adapter, inode: Inode, lifetime: number, isTaken: boolean): Outcome {
  const error = adapter.engine.getattr(inode, adapter.stat);
  if (error < 0) return error;
  if (isTaken) adapter.syncedBlocks.tell(inode, adapter.stat.blocks);
  return encodeAttrOut(adapter.reply, adapter.stat, lifetime);
}

export function statx(adapter: Adapter, _request: Request, inode: Inode): Outcome {
  const error = adapter.engine.getattr(inode, adapter.stat);
  return error < 0 ? error : encodeStatx(adapter.reply, adapter.stat, attributeLifetime(adapter, inode));
}

export function readlink(adapter: Adapter, _request: Request, inode: Inode): Outcome {
  const target = adapter.engine.readlink(inode);
  return isErrno(target) ? target : adapter.reply.setBytes(0, target);
}

const statfsNumbers = new Float64Array(STATFS_FIELDS);

/** What was deleted before counts as free. */
export function statfs(adapter: Adapter, request: Request): Outcome {
  if (!request.isCaughtUp) {
    adapter.repeatCaughtUp(request);
    return DEFERRED;
  }
  const error = adapter.engine.statfs(statfsNumbers);
  return error < 0 ? error : encodeStatfs(adapter.reply, statfsNumbers);
}

export function setattr(adapter: Adapter, request: Request, inode: Inode): Outcome {
  const isOfCache = writesBackTimes(request);
  if (isOfCache && hasThatMtime(adapter, request, inode)) {
    return encodeAttrOut(adapter.reply, adapter.stat, attributeLifetime(adapter, inode));
  }
  const change = decodeChange(request);
  if (change.killPrivileges && losesSetgid(adapter, request, inode)) change.killSetgid = true;
  if (isOfCache && adapter.engine.protection(inode)) change.isOwed = !setsTimes(request.pid);
  if (adapter.mustWait(request, inode, change)) return DEFERRED;
  const error = adapter.engine.setattr(inode, change);
  return error < 0 ? error : answerAttributes(adapter, inode, attributeLifetime(adapter, inode), !isOfCache);
}

const NOT_TIMES = ~(FATTR_MTIME | FATTR_CTIME | FATTR_FH);

/**
 * Whether this is the kernel writing back the times it keeps for a file (fuse_flush_times). With the
 * writeback cache it does so for the ctime's sake alone too, after an unlink or a rename for instance.
 */
function writesBackTimes(request: Request): boolean {
  const valid = request.u32(fuse_setattr_in.valid);
  return (valid & FATTR_MTIME) !== 0 && (valid & FATTR_CTIME) !== 0 && (valid & NOT_TIMES) === 0;
}

/** Then there is nothing to set: a ctime cannot be, and a lower file must not be copied up for it. */
function hasThatMtime(adapter: Adapter, request: Request, inode: Inode): boolean {
  const { stat } = adapter;
  return adapter.engine.getattr(inode, stat) >= 0
    && stat.mtimeSec === request.i64(fuse_setattr_in.mtime)
    && stat.mtimeNsec === request.u32(fuse_setattr_in.mtimensec);
}

type Change = { -readonly [Name in keyof AttrChange]: AttrChange[Name] };

function decodeChange(request: Request): Change {
  const valid = request.u32(fuse_setattr_in.valid);
  const change: Change = {};
  if (valid & FATTR_MODE) change.mode = request.u32(fuse_setattr_in.mode) & PERMISSIONS;
  if (valid & FATTR_UID) change.uid = request.u32(fuse_setattr_in.uid);
  if (valid & FATTR_GID) change.gid = request.u32(fuse_setattr_in.gid);
  if (valid & FATTR_SIZE) change.size = request.u64(fuse_setattr_in.size);
  if (valid & FATTR_ATIME) {
    change.atime = valid & FATTR_ATIME_NOW ? NOW : time(request, fuse_setattr_in.atime, fuse_setattr_in.atimensec);
  }
  if (valid & FATTR_MTIME) {
    change.mtime = valid & FATTR_MTIME_NOW ? NOW : time(request, fuse_setattr_in.mtime, fuse_setattr_in.mtimensec);
  }
  if (valid & FATTR_KILL_SUIDGID) change.killPrivileges = true;
  if ((valid & ~(FATTR_CTIME | FATTR_FH)) === 0) change.uid = change.gid = KEEP_ID;
  return change;
}

function time(request: Request, seconds: number, nanoseconds: number): Time {
  return { sec: request.i64(seconds), nsec: request.u32(nanoseconds) };
}

/** Whether a file's setgid bit is there without execution by the group: then who is in the group keeps it. */
function hasLoneSetgid(mode: number): boolean {
  return (mode & (S_ISGID | S_IXGRP)) === S_ISGID;
}

/**
 * Clears setuid and setgid where a change of the data by an unprivileged user has to; 0 or a negated errno.
 * The reply that follows carries no attributes, so the kernel is told that it knows an old mode. `keeps` says
 * whether the caller is privileged; it is asked where there is something to clear.
 */
export function killPrivileges(adapter: Adapter, request: Request, inode: Inode, keeps?: () => boolean): number {
  const error = adapter.engine.getattr(inode, adapter.stat);
  if (error < 0) return error;
  const { mode, gid } = adapter.stat;
  if (!(mode & (S_ISUID | S_ISGID)) || keeps?.()) return 0;
  const killSetgid = hasLoneSetgid(mode) && !isInGroup(request.pid, gid);
  if (!(mode & S_ISUID) && hasLoneSetgid(mode) && !killSetgid) return 0;
  const failed = adapter.engine.setattr(inode, killSetgid ? { killPrivileges: true, killSetgid } : { killPrivileges: true });
  if (failed < 0) return failed;
  adapter.notifier.attributesOfServedChanged(inode);
  return 0;
}

/** The same for a truncation or a change of owner, of which the kernel does not say whether the caller is privileged. */
function losesSetgid(adapter: Adapter, request: Request, inode: Inode): boolean {
  if (adapter.engine.getattr(inode, adapter.stat) < 0 || !hasLoneSetgid(adapter.stat.mode)) return false;
  return !isInGroup(request.pid, adapter.stat.gid) && !hasFsetid(request.pid);
}
