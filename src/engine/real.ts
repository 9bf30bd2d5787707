/**
 * Real objects: directories and files of one layer, as opposed to the overlay's merged inodes. A directory is
 * known by its parent and name, never by a path, so that depth is not limited by PATH_MAX, a rename in the
 * upper moves all below it, and no symlink is ever followed.
 */
import type { Bytes } from "../sys/bytes.js";
import { O_DIRECTORY, O_NOFOLLOW, O_PATH, O_RDONLY } from "../sys/constants.js";
import { E } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { Descriptor, type DescriptorCache } from "./descriptors.js";
import type { Layer } from "./layer.js";

/** The name that stands for a descriptor itself (AT_EMPTY_PATH). */
export const ITSELF = "" as Bytes;

/** A place that the `*at` calls can be given: a descriptor and a name relative to it. */
export interface Place {
  readonly layer: Layer;
  /** The descriptor to start from, or a negated errno. */
  dirfd(): number;
  /** The name below `dirfd()`; empty for the descriptor itself. */
  readonly name: Bytes;
}

/** A directory of one layer. */
export class RealDirectory extends Descriptor implements Place {
  /** This directory is marked opaque=`x`: regular files in it may be whiteouts by xattr. */
  xwhiteouts = false;
  /** Of a directory of the upper: all names in it, and perhaps some that were moved away; null while nobody has read them. */
  names: Set<Bytes> | null = null;
  /** st_dev, where it is known; else -1. */
  device = -1;
  #pinned = false;

  constructor(
    cache: DescriptorCache,
    readonly layer: Layer,
    private parent: RealDirectory | null,
    private entryName: Bytes,
  ) {
    super(cache);
  }

  /** A layer's root (or its work directory): opened once, kept for the life of the overlay. */
  static root(cache: DescriptorCache, layer: Layer, fd: number): RealDirectory {
    const root = new RealDirectory(cache, layer, null, ITSELF);
    root.opened = fd;
    root.#pinned = true;
    return root;
  }

  /** The directory `name` in this one; nothing is opened yet. */
  child(name: Bytes): RealDirectory {
    return new RealDirectory(this.cache, this.layer, this, name);
  }

  /** Roots and removed directories have no place in a parent: they are their descriptor. */
  dirfd(): number {
    return this.#pinned || !this.parent ? this.fd() : this.parent.fd();
  }

  get name(): Bytes {
    return this.#pinned ? ITSELF : this.entryName;
  }

  /** Its path from the root of the layer, empty for that; null where it has none: it was removed, or is in the work directory. */
  get path(): Bytes | null { return RealDirectory.#pathOf(this); }

  static #pathOf(directory: RealDirectory): Bytes | null {
    let path = "";
    let at = directory;
    for (; at.parent; at = at.parent) {
      if (at.#pinned) return null;
      path = `/${at.entryName}${path}`;
    }
    return at === at.layer.root ? path as Bytes : null;
  }

  /** The directory was renamed in its layer. */
  move(parent: RealDirectory, name: Bytes): void {
    this.parent = parent;
    this.entryName = name;
  }

  /** Holds the directory by its descriptor, because its name is about to go; 0 or a negated errno. */
  pin(): number {
    const fd = this.fd();
    if (fd < 0) return fd;
    this.pinDescriptor();
    this.#pinned = true;
    return 0;
  }

  protected open(): number {
    if (!this.parent) return -E.EBADF;
    const parent = this.parent.fd();
    if (parent < 0) return parent;
    const fd = this.layer.openQuietly(parent, this.entryName, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    // A directory that may be searched but not listed is still a place for names.
    return fd === -E.EACCES ? native.openat(parent, this.entryName, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0) : fd;
  }
}

/** A file (anything but a directory) of one layer: a name in a directory or, once that is gone, a descriptor. */
export class RealFile implements Place {
  /** What holds it once its name is gone: a descriptor of its own, or another that is open anyway; -1 while nothing does. */
  #pin: number | Descriptor = -1;

  constructor(private directory: RealDirectory, private entryName: Bytes) {}

  /** A file that has no name (O_TMPFILE); takes over the descriptor. */
  static nameless(directory: RealDirectory, fd: number): RealFile {
    const file = new RealFile(directory, ITSELF);
    file.#pin = fd;
    return file;
  }

  get layer(): Layer {
    return this.directory.layer;
  }

  dirfd(): number {
    const pin = this.#pin;
    return pin === -1 ? this.directory.fd() : typeof pin === "number" ? pin : pin.openDescriptor;
  }

  get name(): Bytes {
    return this.#pin === -1 ? this.entryName : ITSELF;
  }

  /** Its path from the root of the layer; null where it has none, as in `RealDirectory.path`. */
  get path(): Bytes | null {
    const path = this.#pin === -1 ? this.directory.path : null;
    return path === null ? null : `${path}/${this.entryName}` as Bytes;
  }

  /** Whether this is the file that stands at `name` in `directory`. */
  isAt(directory: RealDirectory, name: Bytes): boolean {
    return this.#pin === -1 && this.directory === directory && this.entryName === name;
  }

  /** The file has a (new) name; a descriptor that held it is closed. */
  move(directory: RealDirectory, name: Bytes): void {
    this.release();
    this.directory = directory;
    this.entryName = name;
  }

  /** Holds the file by a descriptor, because its name is about to go; 0 or a negated errno. */
  pin(): number {
    if (this.#pin !== -1) return 0;
    const parent = this.directory.fd();
    if (parent < 0) return parent;
    const fd = native.openat(parent, this.entryName, O_PATH | O_NOFOLLOW, 0);
    if (fd < 0) return fd;
    this.#pin = fd;
    return 0;
  }

  /** The same by a descriptor of the file that is open already and stays so until this is released. */
  pinBy(holder: Descriptor): void {
    if (this.#pin === -1) this.#pin = holder;
  }

  /** Opens the file's data for reading; a descriptor or a negated errno. */
  openForReading(): number {
    const dirfd = this.dirfd();
    if (dirfd < 0) return dirfd;
    return this.layer.openQuietly(dirfd, this.name, this.#pin === -1 ? O_RDONLY | O_NOFOLLOW : O_RDONLY);
  }

  release(): void {
    const pin = this.#pin;
    this.#pin = -1;
    if (typeof pin !== "number") pin.letGo();
    else if (pin >= 0) native.close(pin);
  }
}
