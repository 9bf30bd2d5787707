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

const SLOTS = 64;

export class Misses {
  readonly #slots: ({ directory: DirectoryInode; name: Bytes; miss: Miss } | null)[] = new Array<null>(SLOTS).fill(null);
  #next = 0;

  remember(directory: DirectoryInode, name: Bytes, miss: Miss): void {
    this.#slots[this.#next] = { directory, name, miss };
    this.#next = (this.#next + 1) % SLOTS;
  }

  /** What is known of a name; null if nothing is. */
  get(directory: DirectoryInode, name: Bytes): Miss | null {
    return this.#slots.find((slot) => slot?.name === name && slot.directory === directory)?.miss ?? null;
  }

  /** The name stands for something now. */
  forget(directory: DirectoryInode, name: Bytes): void {
    for (let i = 0; i < SLOTS; i++) {
      const slot = this.#slots[i];
      if (slot?.name === name && slot.directory === directory) this.#slots[i] = null;
    }
  }
}
