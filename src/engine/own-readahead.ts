/**
 * How far the kernel reads ahead by itself in files of a device: read_ahead_kb of its backing device (the kernel's
 * documents sysfs-class-bdi and sysfs-block). It is asked before a mount may cover /sys, and once for each device.
 */
import { bytes } from "../sys/bytes.js";
import { AT_FDCWD, O_RDONLY } from "../sys/constants.js";
import { native } from "../sys/native.js";
import { numberIn } from "../sys/number-file.js";

/** `device` is MAJOR:MINOR; a partition has no queue of its own, its disk has. */
const files = (device: string): string[] => [
  `/sys/devices/virtual/bdi/${device}/read_ahead_kb`,
  `/sys/dev/block/${device}/../queue/read_ahead_kb`,
];

const known = new Map<string, number>();

/** In bytes; 0 where that is not known. */
export function ownReadahead(major: number, minor: number): number {
  const device = `${major}:${minor}`;
  let found = known.get(device);
  if (found === undefined) known.set(device, found = 1024 * Math.max(...files(device).map(numberAt)));
  return found;
}

/** The number in a file of /sys; 0 where there is none. */
function numberAt(path: string): number {
  const fd = native.openat(AT_FDCWD, bytes(path), O_RDONLY, 0);
  if (fd < 0) return 0;
  const number = numberIn(fd);
  native.close(fd);
  return Math.max(number, 0);
}
