/**
 * All inodes that live, by id, and the rules of their life: an inode lives while it is referenced or has
 * living children; files of the upper with several names are one inode, found by their inode number there.
 */
import type { Bytes } from "../sys/bytes.js";
import { ById } from "./by-id.js";
import { closeData } from "./data-file.js";
import type { DirectoryInode, FileInode, Inode } from "./inode.js";

const ROOT_ID = 1;

export class InodeTable {
  readonly #inodes = new ById<Inode>();
  readonly #byLinkKey = new Map<bigint, FileInode>();
  readonly #byLowerKey = new Map<string, FileInode>();
  #nextId = ROOT_ID;

  /**
   * `onDrop` is called when an inode is dropped that had something to clean up in the work directory. With
   * `keepsNamed` none is dropped that has a name.
   */
  constructor(private readonly onDrop: (inode: FileInode) => void, readonly keepsNamed: boolean) {}

  nextId(): number {
    return this.#nextId++;
  }

  get(id: number): Inode | undefined {
    return this.#inodes.get(id);
  }

  get size(): number {
    return this.#inodes.size;
  }

  /** Enters a new inode under a name of its parent. */
  add(inode: Inode, parent: DirectoryInode, name: Bytes): void {
    this.#inodes.add(inode.id, inode);
    this.attach(inode, parent, name);
  }

  /** Enters an inode that has no name: the root, or a file made with O_TMPFILE. */
  addNameless(inode: Inode): void {
    this.#inodes.add(inode.id, inode);
  }

  /** An inode has one name more. */
  attach(inode: Inode, parent: DirectoryInode, name: Bytes): void {
    parent.children ??= new Map();
    parent.children.set(name, inode);
    if (inode.isDirectory) {
      inode.parent = parent;
      inode.name = name;
    } else {
      inode.addLink(parent, name);
    }
  }

  /** An inode has lost a name; it lives on for those who hold it. */
  detach(inode: Inode, parent: DirectoryInode, name: Bytes): void {
    parent.children?.delete(name);
    if (!inode.isDirectory) inode.removeLink(parent, name);
  }

  /** The inode of an upper file with several names, by its inode number in the upper. */
  byLinkKey(key: bigint): FileInode | undefined {
    return this.#byLinkKey.get(key);
  }

  setLinkKey(inode: FileInode, key: bigint): void {
    inode.linkKey = key;
    this.#byLinkKey.set(key, inode);
  }

  dropLinkKey(inode: FileInode): void {
    if (inode.linkKey !== null) this.#byLinkKey.delete(inode.linkKey);
    inode.linkKey = null;
  }

  /** The inode that stands for all names of a lower file, by its `lowerKey`. */
  byLowerKey(key: string): FileInode | undefined {
    return this.#byLowerKey.get(key);
  }

  setLowerKey(inode: FileInode, key: string): void {
    inode.lowerKey = key;
    this.#byLowerKey.set(key, inode);
  }

  /** Gives back `count` references, and drops what nobody needs any more. */
  forget(inode: Inode, count: number): void {
    inode.references = Math.max(0, inode.references - count);
    let candidate: Inode | null = inode;
    while (candidate && this.#isUnneeded(candidate)) candidate = this.#drop(candidate);
  }

  /** Closes what the inodes hold; the overlay is going away. */
  close(): void {
    for (const inode of this.#inodes.values()) {
      if (inode.isDirectory) {
        inode.upper?.close();
      } else {
        closeData(inode);
        inode.upper?.release();
        this.onDrop(inode);
      }
    }
    this.#inodes.clear();
  }

  #isUnneeded(inode: Inode): boolean {
    if (inode.references > 0 || inode.id === ROOT_ID) return false;
    if (inode.isDirectory) return (!inode.children || inode.children.size === 0) && (inode.removed || !this.keepsNamed);
    return inode.parent === null || !this.keepsNamed;
  }

  /** Drops an inode; answers with the parent, which may be unneeded now. */
  #drop(inode: Inode): DirectoryInode | null {
    if (!this.#inodes.delete(inode.id)) return null;
    if (inode.isDirectory) {
      const { parent } = inode;
      if (parent) this.#unname(inode, parent, inode.name);
      inode.upper?.close();
      for (const directory of inode.lower) directory.close();
      return parent;
    }
    return this.#dropFile(inode);
  }

  #unname(inode: Inode, { children }: DirectoryInode, name: Bytes): void {
    if (children?.get(name) === inode) children.delete(name);
  }

  #dropFile(inode: FileInode): DirectoryInode | null {
    closeData(inode);
    inode.upper?.release();
    this.dropLinkKey(inode);
    if (inode.lowerKey !== null) this.#byLowerKey.delete(inode.lowerKey);
    this.onDrop(inode);
    const { parent, otherLinks } = inode;
    if (parent) this.#unname(inode, parent, inode.name);
    for (const link of otherLinks) this.#unname(inode, link.parent, link.name);
    // A file with several names may leave several parents without a child.
    for (const link of otherLinks) this.forget(link.parent, 0);
    return parent;
  }
}
