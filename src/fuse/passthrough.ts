/**
 * `data=passthrough`: the kernel reads and writes the backing file of an open itself (FUSE_PASSTHROUGH, Linux 6.9).
 * Then opens have to be told, and there is no writeback cache. All opens of an inode must share one backing file and
 * may not be mixed with opens that use the page cache (fs/fuse/iomode.c), and an open gives the backing file the
 * access that its caller asked for. So a file is passed through only where its data stands for good: in the upper,
 * or in a lower of a mount that is not written. Any other goes through the cache, and the kind of the first open of
 * an inode is that of all others until the last is released.
 */
import type { Engine } from "../engine/engine.js";
import type { Inode } from "../engine/inode.js";
import { native } from "../sys/native.js";

/** The backing id of opens that use the page cache. */
export const NO_BACKING = 0;

/** What the kernel registers backing files at: /dev/fuse. */
export interface BackingDevice {
  /** A backing id above zero, or a negated errno: EPERM, ELOOP for a file system that is stacked itself. */
  openBacking(fd: number): number;
  closeBacking(id: number): void;
}

/** /dev/fuse, by its ioctls. */
export function backingDevice(fuseFd: number): BackingDevice {
  return {
    openBacking: (fd) => native.fuseBackingOpen(fuseFd, fd),
    closeBacking: (id) => void native.fuseBackingClose(fuseFd, id),
  };
}

/** The opens of one inode. */
interface Opens {
  readonly backing: number;
  count: number;
}

export class Passthrough {
  readonly #opens = new Map<number, Opens>();

  constructor(private readonly engine: Engine, private readonly device: BackingDevice) {}

  /** One open more of an inode; the backing id that it is to be answered with, or NO_BACKING. */
  open(inode: Inode): number {
    const known = this.#opens.get(inode.id);
    if (known) {
      known.count++;
      return known.backing;
    }
    const fd = this.engine.settledData(inode);
    const backing = fd < 0 ? NO_BACKING : Math.max(this.device.openBacking(fd), NO_BACKING);
    this.#opens.set(inode.id, { backing, count: 1 });
    return backing;
  }

  /** One open less. */
  release(inode: Inode): void {
    const known = this.#opens.get(inode.id);
    if (!known || --known.count > 0) return;
    this.#opens.delete(inode.id);
    if (known.backing !== NO_BACKING) this.device.closeBacking(known.backing);
  }
}
