/**
 * What a request's header does not tell of who asks: with FUSE_ALLOW_IDMAP the kernel gives the uid only where
 * something is made (fuse_get_req), but the thread always. That thread waits for us, so its id is not reused.
 */
import { linkOfThread, textOfThread } from "./proc.js";

/** From linux/capability.h: may change a file and leave its setuid and setgid bits. */
const CAP_FSETID = 4n;
/** SIGKILL is signal 9, and signal 1 is bit 0. */
const SIGKILL_BIT = 8n;

/**
 * Whether a thread has CAP_FSETID, and not just in a user namespace of its own, where anybody has it. Where
 * that can't be found out it has not.
 */
export function hasFsetid(pid: number): boolean {
  const namespace = linkOfThread("self", "ns/user");
  return namespace !== null && linkOfThread(pid, "ns/user") === namespace && hasBit(statusOf(pid, /^CapEff:\s*([0-9a-f]+)$/m), CAP_FSETID);
}

/**
 * Whether a thread is being ended by a signal: whichever it was, SIGKILL is pending for each thread then (complete_signal in
 * kernel/signal.c). Where that can't be found out it is.
 */
export function isDying(pid: number): boolean {
  const pending = statusOf(pid, /^SigPnd:\s*([0-9a-f]+)$/m);
  return pending === undefined || hasBit(pending, SIGKILL_BIT);
}

/** Whether a group is among those of a thread; where that can't be found out it is not. */
export function isInGroup(pid: number, gid: number): boolean {
  const status = textOfThread(pid, "status");
  const [, own] = /^Gid:(?:\s+\d+){3}\s+(\d+)$/m.exec(status) ?? [];
  const [, others] = /^Groups:(.*)$/m.exec(status) ?? [];
  return Number(own) === gid || (others ?? "").trim().split(" ").includes(String(gid));
}

/** Whether a thread acts for root or for the user who mounted; where that can't be found out it does not. */
export function isOfMounter(pid: number): boolean {
  const fsuid = statusOf(pid, /^Uid:(?:\s+\d+){3}\s+(\d+)$/m);
  return fsuid !== undefined && [0, process.geteuid!()].includes(Number(fsuid));
}

/** What a line of /proc/TID/status says, by its first group. */
function statusOf(pid: number, line: RegExp): string | undefined {
  return line.exec(textOfThread(pid, "status"))?.[1];
}

/** Whether a mask, in hexadecimal, has a bit. */
function hasBit(mask: string | undefined, bit: bigint): boolean {
  return ((BigInt(`0x${mask ?? "0"}`) >> bit) & 1n) === 1n;
}
