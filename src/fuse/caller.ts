/**
 * What a request's header does not tell of who asks: with FUSE_ALLOW_IDMAP the kernel gives the uid only where
 * something is made (fuse_get_req), but the thread always. That thread waits for us, so its id is not reused.
 */
import { readFileSync, readlinkSync } from "node:fs";

/** From linux/capability.h: may change a file and leave its setuid and setgid bits. */
const CAP_FSETID = 4n;
/** SIGKILL is signal 9, and signal 1 is bit 0. */
const SIGKILL_BIT = 8n;

/**
 * Whether a thread has CAP_FSETID, and not just in a user namespace of its own, where anybody has it. Where
 * that can't be found out it has not.
 */
export function hasFsetid(pid: number): boolean {
  try {
    if (readlinkSync(`/proc/${pid}/ns/user`) !== readlinkSync("/proc/self/ns/user")) return false;
    const [, effective] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? [];
    return ((BigInt(`0x${effective ?? "0"}`) >> CAP_FSETID) & 1n) === 1n;
  } catch {
    return false;
  }
}

/**
 * Whether a thread is being ended by a signal: whichever it was, SIGKILL is pending for each thread then (complete_signal in
 * kernel/signal.c). Where that can't be found out it is.
 */
export function isDying(pid: number): boolean {
  try {
    const [, pending] = /^SigPnd:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? [];
    return pending === undefined || ((BigInt(`0x${pending}`) >> SIGKILL_BIT) & 1n) === 1n;
  } catch {
    return true;
  }
}

/** Whether a group is among those of a thread; where that can't be found out it is not. */
export function isInGroup(pid: number, gid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    const [, own] = /^Gid:(?:\s+\d+){3}\s+(\d+)$/m.exec(status) ?? [];
    const [, others] = /^Groups:(.*)$/m.exec(status) ?? [];
    return Number(own) === gid || (others ?? "").trim().split(" ").includes(String(gid));
  } catch {
    return false;
  }
}

/** Whether a thread acts for root or for the user who mounted; where that can't be found out it does not. */
export function isOfMounter(pid: number): boolean {
  try {
    const [, fsuid] = /^Uid:(?:\s+\d+){3}\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? [];
    return fsuid !== undefined && [0, process.geteuid!()].includes(Number(fsuid));
  } catch {
    return false;
  }
}
