/**
 * Acts as another user. The file system ids and groups of this thread change for the length of a synchronous
 * action (as a file server does it); the kernel drops the capabilities over files with them, so permissions
 * are checked as for that user's own process.
 */
import { native } from "../../src/sys/native.js";

export interface User {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups. */
  readonly groups?: readonly number[];
}

export const ALICE: User = { uid: 1001, gid: 1001 };
export const BOB: User = { uid: 1002, gid: 1002 };

/** Runs `action` with the user's file system ids and groups. */
export function as<T>(user: User, action: () => T): T {
  native.setgroups(Uint32Array.from(user.groups ?? []));
  native.setfsgid(user.gid);
  native.setfsuid(user.uid);
  try {
    return action();
  } finally {
    native.setfsuid(0);
    native.setfsgid(0);
    native.setgroups(Uint32Array.from([0]));
  }
}

/** Runs `action` with this umask. */
export function withUmask<T>(mask: number, action: () => T): T {
  const before = native.umask(mask);
  try {
    return action();
  } finally {
    native.umask(before);
  }
}
