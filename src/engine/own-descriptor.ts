/**
 * Work off the thread on a descriptor that is kept here: it gets one of its own, because the kept one may be closed,
 * and its inode dropped, before the work is through.
 */
import { native } from "../sys/native.js";

/** What `work` answers, once its descriptor is closed again; a negated errno at once where there is none to be had. */
export function onOwnDescriptor(fd: number, work: (own: number) => Promise<number>): Promise<number> | number {
  const own = fd < 0 ? fd : native.dup(fd);
  return own < 0 ? own : work(own).finally(() => native.close(own));
}
