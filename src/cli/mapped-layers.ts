/**
 * Owners are mapped once. podman 4.3 gives root both a lower whose mount maps ids already, beside an upper in the
 * ids that it shows, and the same map among the options: applied again, no id would have a place in it. The
 * kernel's overlay merges such layers as they are, and so does ovlfs: the map is left out.
 */
import { readFileSync } from "node:fs";
import { display, type Bytes } from "../sys/bytes.js";
import { AT_FDCWD, O_PATH } from "../sys/constants.js";
import { native } from "../sys/native.js";
import type { PresentationOptions } from "../engine/options.js";
import type { MountCommand } from "./command-line.js";
import type { DaemonLog } from "./log.js";

/** How owners are shown, without a map that a mount below has already. */
export function presentationOf({ presentation, lower }: MountCommand, log: DaemonLog): PresentationOptions {
  const { uidMapping, gidMapping, ...others } = presentation;
  if (uidMapping === undefined && gidMapping === undefined) return presentation;
  const mapped = lower.find(isIdMapped);
  if (mapped === undefined) return presentation;
  log.info(`uidmapping and gidmapping are left out: ${display(mapped)} is an idmapped mount`);
  return others;
}

/** Whether the mount that `path` leads to maps ids; what can't be opened is for who opens the layers to tell. */
function isIdMapped(path: Bytes): boolean {
  const fd = native.openat(AT_FDCWD, path, O_PATH, 0);
  if (fd < 0) return false;
  try {
    const id = /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))?.[1];
    const fields = readFileSync("/proc/self/mountinfo", "latin1").split("\n").map((line) => line.split(" ")).find(([first]) => first === id);
    return fields?.[5]?.split(",").includes("idmapped") ?? false;
  } finally {
    native.close(fd);
  }
}
