/**
 * The names that were looked up last and not found. The kernel looks a name up before it makes it, so that a
 * create right after it need not ask every layer a second time. What is known of a name is forgotten with
 * whatever gives that name to something, be it a create, a link or a rename.
 */
import type { Bytes } from "../sys/bytes.js";
import type { DirectoryInode } from "./inode.js";

/**
 * Why a name is not there: no layer has it; a whiteout of the upper stands in its place; or one hides it that stands
 * beside its place (oci.ts).
 */
export type Miss = "absent" | "whiteout" | "marked";

interface Slot {
  readonly directory: DirectoryInode;
  readonly name: Bytes;
  readonly miss: Miss;
}

/** A power of two. */
const SLOTS = 64;

/** A name has one slot that it can be in, so that to find it, or that it is not there, takes one look. */
export class Misses {
  readonly #slots: (Slot | null)[] = new Array<null>(SLOTS).fill(null);

  remember(directory: DirectoryInode, name: Bytes, miss: Miss): void {
    this.#slots[slotOf(directory, name)] = { directory, name, miss };
  }

  /** What is known of a name; null if nothing is. */
  get(directory: DirectoryInode, name: Bytes): Miss | null {
    const slot = this.#slots[slotOf(directory, name)];
    return slot?.directory === directory && slot.name === name ? slot.miss : null;
  }

  /** The name stands for something now. */
  forget(directory: DirectoryInode, name: Bytes): void {
    if (this.get(directory, name) !== null) this.#slots[slotOf(directory, name)] = null;
  }
}

/** Names that follow one another differ in their last characters, if they do not end alike: then in the first. */
function slotOf({ id }: DirectoryInode, name: Bytes): number {
  const last = name.length - 1;
  const mixed = id + name.charCodeAt(last) + 7 * name.charCodeAt(last >> 1) + 11 * name.charCodeAt(0);
  return (mixed + 13 * name.length) & (SLOTS - 1);
}
