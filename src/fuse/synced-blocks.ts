/**
 * st_blocks of files that are written through the kernel's cache. The kernel keeps the number that it was told
 * until the file is closed, so after an fsync it is told that it knows an old one, unless it does not. For that
 * the number it was told last is remembered here, for files that were ever synced.
 */
import type { Engine } from "../engine/engine.js";
import type { Inode } from "../engine/inode.js";
import { Stat } from "../sys/stat.js";

const stat = new Stat();

export class SyncedBlocks {
  readonly #told = new WeakMap<Inode, number>();

  /** The kernel is being told this number for an inode. */
  tell(inode: Inode, blocks: number): void {
    if (this.#told.has(inode)) this.#told.set(inode, blocks);
  }

  /** Whether the number of a file that was just synced is another one than the kernel was told. */
  haveChanged(engine: Engine, inode: Inode): boolean {
    if (inode.isDirectory || engine.getattr(inode, stat) < 0 || this.#told.get(inode) === stat.blocks) return false;
    this.#told.set(inode, stat.blocks);
    return true;
  }
}
