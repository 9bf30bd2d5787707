/** What an overlay is made of, and the error for an overlay that cannot be. */
import type { Bytes } from "../sys/bytes.js";
import type { OverrideKind } from "./override-stat.js";

/**
 * The features of the overlay format, with the kernel's names and values; what is absent has its default,
 * and yields where it conflicts with what was asked for.
 * Source: the kernel's Documentation/filesystems/overlayfs.rst; fs/overlayfs/params.c.
 */
export interface FeatureOptions {
  /** Whether renames of merged directories are written and followed (default `follow`: followed only). */
  readonly redirectDir?: "on" | "follow" | "nofollow" | "off";
  /** A change of attributes alone copies no data (default off). */
  readonly metacopy?: boolean;
  /** Hard links of a lower stay links over a copy-up (default off). */
  readonly index?: boolean;
  /**
   * All that is copied up is indexed, and an inode is kept as long as it has a name, so that its id is a handle to
   * it for the life of the overlay (default off).
   */
  readonly nfsExport?: boolean;
  /** How inode numbers of several file systems become one space (default `auto`). */
  readonly xino?: "on" | "auto" | "off";
  /** The overlay's own uuid, and whether origins name the uuid of the lower's file system (default `auto`). */
  readonly uuid?: "on" | "auto" | "null" | "off";
  /** Digests of metacopied data (default `off`). */
  readonly verity?: "on" | "require" | "off";
  /** The format's xattrs are `user.overlay.*`, so that no privilege is needed (default: where `trusted.*` can't be set). */
  readonly userxattr?: boolean;
  /**
   * Whose marks say what is deleted: the kernel's alone (`overlay`, the default), or those of OCI layers too, which are
   * also written where the upper's file system takes no whiteouts (`oci`).
   */
  readonly whiteouts?: "overlay" | "oci";
  /**
   * What is synced: data on copy-up (`auto`, the default), metadata too (`strict`), nothing (`volatile`, which leaves a
   * guard against a second mount, and `off`, which does not).
   */
  readonly fsync?: "auto" | "strict" | "volatile" | "off";
}

/** Ids on disk, from `onDisk` on, and what they are shown as. */
export interface IdRange {
  readonly onDisk: number;
  readonly shown: number;
  readonly count: number;
}

/** How attributes of the merged tree are shown, where that is not as they are on disk. */
export interface PresentationOptions {
  /** Owners are shown, and stored, through a map. */
  readonly uidMapping?: readonly IdRange[];
  readonly gidMapping?: readonly IdRange[];
  /** All files are shown to belong to one user, or one group. */
  readonly squashUid?: number;
  readonly squashGid?: number;
  /** Directories have one link. */
  readonly staticNlink?: boolean;
  /** Inode numbers have 32 bits. */
  readonly shortInodeNumbers?: boolean;
  /** Owner and mode are kept in xattrs of this kind, because they may not be given to files themselves. */
  readonly xattrPermissions?: OverrideKind;
  /** There are no ACLs. */
  readonly noAcl?: boolean;
}

/** The layers of an overlay. Paths are bytes, unescaped, relative to the working directory or absolute. */
export interface OverlayOptions extends FeatureOptions, PresentationOptions {
  /** The read-only layers, topmost first; at least one. */
  readonly lower: readonly Bytes[];
  /** Layers below the others that are not merged: metacopies in `lower` find their data there. */
  readonly dataOnly?: readonly Bytes[];
  /** The writable layer. Without it the overlay is read-only. */
  readonly upper?: Bytes;
  /** An empty directory on the file system of the upper, for building what is then published by a rename. */
  readonly work?: Bytes;
  /** The upper is shown but never written. */
  readonly readOnly?: boolean;
  /** As `fsync: "volatile"`: faster, and the upper is lost if the machine crashes. */
  readonly volatile?: boolean;
}

/** An overlay that cannot be made: one sentence that names the option and the remedy. */
export class OptionError extends Error {
  override readonly name = "OptionError";
}
