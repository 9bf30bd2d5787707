/** The access mode of open(2), which both transports are told. */
import { O_RDWR, O_WRONLY } from "./constants.js";

const O_ACCMODE = O_WRONLY | O_RDWR;

export function isForWriting(flags: number): boolean {
  const mode = flags & O_ACCMODE;
  return mode === O_WRONLY || mode === O_RDWR;
}
