/**
 * The state of one overlay, as the kernel's `struct ovl_fs`: its layers, its inodes, the work directory and
 * what was found out about the upper's file system. Each concern (lookup, copy-up, rename …) is a file of
 * functions over this state.
 */
import type { Config } from "./config.js";
import type { CopyAhead } from "./copy-ahead.js";
import type { Counts } from "./counts.js";
import type { Credentials } from "./credentials.js";
import type { DescriptorCache } from "./descriptors.js";
import type { EventListener } from "./events.js";
import type { Index } from "./index-directory.js";
import type { InodeNumbers } from "./inode-number.js";
import type { InodeTable } from "./inode-table.js";
import type { DirectoryInode, Inode } from "./inode.js";
import type { Layer } from "./layer.js";
import type { Misses } from "./misses.js";
import type { Presentation } from "./presentation.js";
import type { RealDirectory } from "./real.js";
import type { Log } from "./types.js";
import type { WalkAhead } from "./walk-ahead.js";
import type { Work } from "./work.js";

export interface OverlayFs {
  readonly upper: Layer | null;
  /** Topmost first. */
  readonly lower: readonly Layer[];
  /** The roots of `lower`: where a path from the root starts in each layer. */
  readonly rootLowers: readonly RealDirectory[];
  /** Null for a read-only overlay. */
  readonly work: Work | null;
  /** Layers that are not merged: metacopies find their data in them. */
  readonly dataLayers: readonly Layer[];
  readonly config: Readonly<Config>;
  /** Names that are marks of OCI layers are no names of the merged tree. */
  readonly hasOciMarks: boolean;
  /** Null where hard links and directories are not indexed. */
  index: Index | null;
  readonly descriptors: DescriptorCache;
  readonly inodes: InodeTable;
  readonly numbers: InodeNumbers;
  /** Null where attributes are shown as they are on disk. */
  readonly presentation: Presentation | null;
  readonly hasAcls: boolean;
  readonly credentials: Credentials;
  readonly misses: Misses;
  readonly walkAhead: WalkAhead;
  readonly copyAhead: CopyAhead;
  /** `dev:ino` of layer roots that lie inside another layer: walking into one is ELOOP, as with the kernel. */
  readonly traps: ReadonlySet<string>;
  readonly log: Log;
  readonly counts: Counts;
  /** Told of an inode whose attributes changed as a side effect of a call about another one. */
  onAttributesChanged: ((inode: Inode) => void) | null;
  /** Told of a directory whose entries changed, in their inode numbers, though the call is not about it. */
  onListingChanged: ((directory: DirectoryInode) => void) | null;
  /** Copies begin to be made ahead, on other threads. */
  onCopyingAhead: (() => void) | null;
  /** Told of all that happens. */
  onEvent: EventListener | null;
}
