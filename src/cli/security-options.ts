/** `context=`: a label for all files, which only SELinux knows; a kernel without it would refuse the mount. */
import { readFileSync } from "node:fs";
import { bytes, concat, display, type Bytes } from "../sys/bytes.js";
import type { MountCommand } from "./command-line.js";
import type { DaemonLog } from "./log.js";

/** The options that mount(2) is given for it, each with a comma before it. */
export function securityOptions({ context }: MountCommand, log: DaemonLog): Bytes {
  if (context === undefined) return bytes("");
  if (hasSelinux()) return concat(bytes(',context="'), context, bytes('"'));
  log.info(`context=${display(context)} is left out: the kernel has no SELinux`);
  return bytes("");
}

function hasSelinux(): boolean {
  return readFileSync("/proc/filesystems", "latin1").includes("\tselinuxfs\n");
}
