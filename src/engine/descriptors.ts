/**
 * The descriptors that the engine keeps open: directories of layers and files that are being read or written.
 * They are opened on demand and closed oldest first, but only between two operations, so that within one
 * operation a descriptor once handed out stays valid.
 */
import { native } from "../sys/native.js";

/** Something that holds one descriptor and can open it again. */
export abstract class Descriptor {
  /** The open descriptor, or -1. */
  protected opened = -1;
  #newer: Descriptor | null = null;
  #older: Descriptor | null = null;
  #kept = false;

  constructor(protected readonly cache: DescriptorCache) {}

  /** The descriptor, or -1 while it is not open. */
  get openDescriptor(): number { return this.opened; }

  /** The descriptor, opened if need be; or a negated errno. */
  fd(): number {
    if (this.opened >= 0) {
      if (this.#kept) this.cache.touch(this);
      return this.opened;
    }
    const fd = this.open();
    if (fd >= 0) this.keep(fd);
    return fd;
  }

  /** Takes over an open descriptor. */
  protected keep(fd: number): void {
    this.opened = fd;
    this.#kept = true;
    this.cache.add(this);
  }

  /** Takes the descriptor out of the cache's hands: it then lives until `close`. */
  protected pinDescriptor(): void {
    if (this.#kept) this.cache.remove(this);
    this.#kept = false;
  }

  /** The cache may close it again, if it is open. */
  letGo(): void {
    if (this.opened >= 0 && !this.#kept) this.keep(this.opened);
  }

  close(): void {
    if (this.opened < 0) return;
    this.pinDescriptor();
    native.close(this.opened);
    this.opened = -1;
  }

  protected abstract open(): number;

  /** The list of the cache, newest first; used by DescriptorCache alone. */
  static readonly list = {
    newer: (d: Descriptor): Descriptor | null => d.#newer,
    older: (d: Descriptor): Descriptor | null => d.#older,
    link(d: Descriptor, newer: Descriptor | null, older: Descriptor | null): void {
      d.#newer = newer;
      d.#older = older;
      if (newer) newer.#older = d;
      if (older) older.#newer = d;
    },
    unlink(d: Descriptor): void {
      if (d.#newer) d.#newer.#older = d.#older;
      if (d.#older) d.#older.#newer = d.#newer;
      d.#newer = d.#older = null;
    },
  };
}

const { list } = Descriptor;

/** Keeps at most `capacity` descriptors open between operations, the least recently used going first. */
export class DescriptorCache {
  #newest: Descriptor | null = null;
  #oldest: Descriptor | null = null;
  #size = 0;

  constructor(readonly capacity: number) {}

  add(descriptor: Descriptor): void {
    list.link(descriptor, null, this.#newest);
    this.#newest = descriptor;
    this.#oldest ??= descriptor;
    this.#size++;
  }

  remove(descriptor: Descriptor): void {
    if (this.#newest === descriptor) this.#newest = list.older(descriptor);
    if (this.#oldest === descriptor) this.#oldest = list.newer(descriptor);
    list.unlink(descriptor);
    this.#size--;
  }

  touch(descriptor: Descriptor): void {
    if (this.#newest === descriptor) return;
    this.remove(descriptor);
    this.add(descriptor);
  }

  /** Closes what is too many. To be called where no descriptor is in use: between two operations. */
  trim(): void {
    while (this.#size > this.capacity && this.#oldest) this.#oldest.close();
  }

  closeAll(): void {
    while (this.#oldest) this.#oldest.close();
  }
}
