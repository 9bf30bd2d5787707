/** What an overlay is made of, and the error for an overlay that cannot be. */
import type { Bytes } from "../sys/bytes.js";

/** The layers of an overlay. Paths are bytes, unescaped, relative to the working directory or absolute. */
export interface OverlayOptions {
  /** The read-only layers, topmost first; at least one. */
  readonly lower: readonly Bytes[];
  /** The writable layer. Without it the overlay is read-only. */
  readonly upper?: Bytes;
  /** An empty directory on the file system of the upper, for building what is then published by a rename. */
  readonly work?: Bytes;
  /** The upper is shown but never written. */
  readonly readOnly?: boolean;
  /** Skip all syncing: faster, and the upper is lost if the machine crashes (the kernel's `volatile`). */
  readonly volatile?: boolean;
  /** An inode is kept as long as it has a name, so that its id is a handle to it for the life of the overlay. */
  readonly nfsExport?: boolean;
}

/** An overlay that cannot be made: one sentence that names the option and the remedy. */
export class OptionError extends Error {
  override readonly name = "OptionError";
}
