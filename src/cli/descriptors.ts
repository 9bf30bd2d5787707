/**
 * Closes what the daemon inherited from the caller of its parent, such as `9>lock` of a shell. Node marks the
 * first sixteen descriptors close-on-exec when it starts and opens its own so; one without the mark therefore
 * came from outside.
 */
import { closeSync, readdirSync, readFileSync } from "node:fs";

const O_CLOEXEC = 0o2000000;

/** Closes every inherited descriptor above standard error but `keep`. */
export function closeInherited(keep: number): void {
  for (const entry of readdirSync("/proc/self/fd")) {
    const fd = Number(entry);
    if (fd > 2 && fd !== keep && isInherited(fd)) closeSync(fd);
  }
}

function isInherited(fd: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))?.[1];
    return flags !== undefined && (parseInt(flags, 8) & O_CLOEXEC) === 0;
  } catch {
    return false;
  }
}
