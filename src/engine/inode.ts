/**
 * Overlay inodes: what the merged tree consists of. An inode knows where its object stands in the layers now,
 * which is what copy-up and rename change, and stays the same object throughout. It lives while somebody
 * holds a reference or a child of it lives.
 *
 * Each field is paid for a million times (8 bytes, docs/performance.md, "Memory"), so what few files have stands
 * in an object of its own that those few point to, and the first name of a file in its inode.
 */
import type { Bytes } from "../sys/bytes.js";
import { S_IFDIR } from "../sys/stat.js";
import type { DataFile } from "./data-file.js";
import type { Listing } from "./listing.js";
import type { LowerNames } from "./known-names.js";
import type { Protection } from "./protection.js";
import type { RealDirectory, RealFile } from "./real.js";
import type { Staged } from "./staging.js";

/** The name of a file that has none: it is unlinked, or was made without one. */
const NO_NAME = "" as Bytes;

/** What directories and files have in common. */
abstract class BaseInode {
  /** References held outside the engine; in FUSE's words, nlookup. */
  references = 0;
  /** Immutable or append-only (protection.ts); null while nobody has asked. */
  protection: Protection | null = null;
  /** The directory that it is found in; null for the root, and for a file that has no name. */
  parent: DirectoryInode | null = null;
  /** Its name there. */
  name: Bytes = NO_NAME;

  constructor(
    /** Unique for the life of the engine; the root is 1. */
    readonly id: number,
    /** The S_IFMT bits. */
    readonly type: number,
    /** What stat(2) answers as st_ino; changes only where a copy-up breaks a hard link of a lower. */
    public ino: bigint,
  ) {}
}

/** A directory, possibly merged from several layers. */
export class DirectoryInode extends BaseInode {
  /** The directory in the upper; null until copy-up. */
  upper: RealDirectory | null;
  /** The directories of lower layers merged here, topmost first. */
  readonly lower: readonly RealDirectory[];
  /** The upper is marked opaque: what the lowers of its parent hold under its name is hidden. */
  opaque = false;
  /** The upper is marked impure: it may hold copied-up objects, whose inode numbers are those of their origins. */
  impure = false;
  /** The upper may hold whiteouts although nothing is merged below it. */
  mayHoldWhiteouts = false;
  /** The redirect that its upper carries: where the lowers hold it; null while that is its own place. */
  redirect: Bytes | null = null;
  /** Its name in the index, if it has an entry there. */
  indexName: Bytes | null = null;
  /** It was removed; only who had it before still sees it. */
  removed = false;
  /** The children known by name; null while there are none. */
  children: Map<Bytes, Inode> | null = null;
  listing: Listing | null = null;
  /** Which lowers have a name, where that has been read. */
  lowerNames: LowerNames | null = null;
  /** How often a lookup has asked one of its real directories for a name that is not there. */
  misses = 0;

  constructor(
    id: number, ino: bigint, parent: DirectoryInode | null, name: Bytes,
    upper: RealDirectory | null, lower: readonly RealDirectory[],
  ) {
    super(id, S_IFDIR, ino);
    this.parent = parent;
    this.name = name;
    this.upper = upper;
    this.lower = lower;
  }

  get isDirectory(): true { return true; }

  /** The topmost real directory: the one that gives the attributes. */
  get real(): RealDirectory {
    return this.upper ?? this.lower[0]!;
  }

  /** The real directories that are merged here, topmost first. */
  get reals(): readonly RealDirectory[] {
    return this.upper ? [this.upper, ...this.lower] : this.lower;
  }

  /** Merged of several real directories: then its link count says nothing and is given as 1. */
  get isMerged(): boolean {
    return this.lower.length + (this.upper ? 1 : 0) > 1;
  }

  /** In the upper alone, and with nothing in it that hides a lower name. */
  get isPureUpper(): boolean {
    return this.lower.length === 0 && !this.mayHoldWhiteouts;
  }
}

/** One name of a file. */
export interface Link {
  readonly parent: DirectoryInode;
  readonly name: Bytes;
}

/** Where the data of a metacopy is: in a file of a lower, or below `path` in a data-only layer, found when needed. */
export interface MetacopyData {
  data: RealFile | null;
  readonly path: readonly Bytes[];
  /** Its digest was checked, or needs no check. */
  isVerified: boolean;
}

/**
 * How an indexed file is known: one entry of the index stands for all its names in the lowers, so that they
 * stay one file over a copy-up.
 */
export interface Indexed {
  /** The name of the entry: the file handle of the lower. */
  readonly name: Bytes;
  /** Names in the upper and names in the lowers that nothing covers, together. */
  nlink: number;
  /** Names that the lower file itself has. */
  readonly lowerNlink: number;
}

/** What few files have; docs/performance.md, "Memory". */
class RareState {
  /** The names known beside the first. */
  otherLinks: Link[] = [];
  /** The upper's own inode number while it has, or had, several names in the upper: the key to find it by. */
  linkKey: bigint | null = null;
  /** The lower file's device and inode number, where all its names are one inode: the key to find it by. */
  lowerKey: string | null = null;
  /** Lower names taken away by a whiteout while the file was held: its lower's nlink does not know. */
  lostLinks = 0;
  /** Set where it has an entry in the index. */
  indexed: Indexed | null = null;
  /** Set where the topmost real file holds attributes only. */
  metacopy: MetacopyData | null = null;
  /** The redirect that its upper carries, for a metacopy. */
  redirect: Bytes | null = null;
  /** A copy of its data that waits in the work directory for the copy-up. */
  staged: Staged | null = null;
}

/** The rare state of the many files that have none. */
const NOTHING_RARE: Readonly<RareState> = new RareState();

/** Anything but a directory: it stands in one layer, the upper or a lower. */
export class FileInode extends BaseInode {
  /** The open file that serves its data; null while closed. */
  data: DataFile | null = null;
  #rare: Readonly<RareState> = NOTHING_RARE;

  constructor(
    id: number, type: number, ino: bigint,
    /** The file in the upper; null until copy-up. */
    public upper: RealFile | null,
    /** The file in the topmost lower that has it; null for one found in the upper with its data. */
    readonly lower: RealFile | null,
    /** It carries, or will carry, an origin: its inode number is that of a lower file. */
    public hasOrigin: boolean,
  ) {
    super(id, type, ino);
  }

  get isDirectory(): false { return false; }

  /** The file that gives attributes and data now. */
  get real(): RealFile {
    return (this.upper ?? this.lower)!;
  }

  /** The names known beside `parent` and `name`. */
  get otherLinks(): readonly Link[] { return this.#rare.otherLinks; }

  /** All names known, none once it is unlinked. */
  get links(): readonly Link[] {
    const { parent, name } = this;
    return parent ? [{ parent, name }, ...this.otherLinks] : [];
  }

  get hasOneName(): boolean { return this.parent !== null && this.otherLinks.length === 0; }

  addLink(parent: DirectoryInode, name: Bytes): void {
    if (this.parent) {
      this.#ownRare.otherLinks.push({ parent, name });
    } else {
      this.parent = parent;
      this.name = name;
    }
  }

  removeLink(parent: DirectoryInode, name: Bytes): void {
    const { otherLinks } = this.#rare;
    if (this.parent === parent && this.name === name) {
      const next = otherLinks.length > 0 ? otherLinks.shift() : undefined;
      this.parent = next?.parent ?? null;
      this.name = next?.name ?? NO_NAME;
    } else {
      const index = otherLinks.findIndex((link) => link.parent === parent && link.name === name);
      if (index >= 0) otherLinks.splice(index, 1);
    }
  }

  get linkKey(): bigint | null { return this.#rare.linkKey; }
  set linkKey(value: bigint | null) { if (value !== this.linkKey) this.#ownRare.linkKey = value; }
  get lowerKey(): string | null { return this.#rare.lowerKey; }
  set lowerKey(value: string | null) { if (value !== this.lowerKey) this.#ownRare.lowerKey = value; }
  get lostLinks(): number { return this.#rare.lostLinks; }
  set lostLinks(value: number) { if (value !== this.lostLinks) this.#ownRare.lostLinks = value; }
  get indexed(): Indexed | null { return this.#rare.indexed; }
  set indexed(value: Indexed | null) { if (value !== this.indexed) this.#ownRare.indexed = value; }
  get metacopy(): MetacopyData | null { return this.#rare.metacopy; }
  set metacopy(value: MetacopyData | null) { if (value !== this.metacopy) this.#ownRare.metacopy = value; }
  get redirect(): Bytes | null { return this.#rare.redirect; }
  set redirect(value: Bytes | null) { if (value !== this.redirect) this.#ownRare.redirect = value; }
  get staged(): Staged | null { return this.#rare.staged; }
  set staged(value: Staged | null) { if (value !== this.staged) this.#ownRare.staged = value; }

  /** The rare state to be changed, which is made with the first change. */
  get #ownRare(): RareState {
    if (this.#rare === NOTHING_RARE) this.#rare = new RareState();
    return this.#rare;
  }
}

export type Inode = DirectoryInode | FileInode;

/** Whether `inode` is a directory or one of those that it is in. */
export function isAncestor(inode: Inode, directory: DirectoryInode): boolean {
  for (let at: DirectoryInode | null = directory; at; at = at.parent) if (at === inode) return true;
  return false;
}
