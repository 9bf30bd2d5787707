/**
 * Path walks over the merged tree, as path_resolution(7) has them: from the root of the overlay, symbolic
 * links resolved inside it, `..` never above it. Every inode that a walk touched is given back; what a Place
 * holds is given back by its `release`, and what `walk` answers by `release`.
 */
import type { Bytes } from "../sys/bytes.js";
import { E, fail, isErrno, type Errno } from "../sys/errno.js";
import { NAME_MAX, PATH_MAX } from "../sys/limits.js";
import { S_IFLNK } from "../sys/stat.js";
import type { Engine } from "../engine/engine.js";
import type { Inode } from "../engine/inode.js";

/** Symbolic links in one walk; path_resolution(7). */
const MAXSYMLINKS = 40;

/** The part of the engine that a walk needs. */
export type Tree = Pick<Engine, "root" | "lookup" | "readlink" | "forget">;

/** What a last component was: a name to change, or a directory by one of its standing names. */
export type LastComponent = "name" | "dot" | "dotdot" | "root";

/** The directories from below the root down to where a walk stands; it holds a reference to each. */
class Trail {
  readonly inodes: Inode[] = [];
  readonly names: Bytes[] = [];

  constructor(private readonly tree: Tree) {}

  get current(): Inode {
    return this.inodes.at(-1) ?? this.tree.root;
  }

  enter(inode: Inode, name: Bytes): void {
    this.inodes.push(inode);
    this.names.push(name);
  }

  /** Steps up and keeps the reference to where it stood. */
  leave(): Inode | undefined {
    this.names.pop();
    return this.inodes.pop();
  }

  up(): void {
    const inode = this.leave();
    if (inode) this.tree.forget(inode, 1);
  }

  toRoot(): void {
    while (this.inodes.length > 0) this.up();
  }
}

/** Where a path leads: a directory, a name in it, and what stands there if anything does. */
export class Place {
  constructor(
    private readonly tree: Tree,
    private readonly trail: Trail,
    readonly last: LastComponent,
    /** The last component; empty where `last` is not "name". */
    readonly name: Bytes,
    /** What is there; null if nothing is. */
    readonly inode: Inode | null,
    /** The path ended in a slash: only a directory can be meant. */
    readonly slash: boolean,
  ) {}

  /** The directory of the name; where `last` is not "name", the directory itself. */
  get parent(): Inode {
    return this.trail.current;
  }

  /** The inode, or why there is none: -ENOENT, or -ENOTDIR where a slash follows something else than a directory. */
  get existing(): Inode | Errno {
    if (this.inode === null) return fail(E.ENOENT);
    if (this.slash && !this.inode.isDirectory) return fail(E.ENOTDIR);
    return this.inode;
  }

  /** Whether `inode` is the parent or one of its ancestors. */
  isBelow(inode: Inode): boolean {
    return inode === this.tree.root || this.trail.inodes.includes(inode);
  }

  /** The path from the root of the overlay, free of symlinks, `.` and `..`. */
  get path(): Bytes {
    const names = this.last === "name" ? [...this.trail.names, this.name] : this.trail.names;
    return `/${names.join("/")}` as Bytes;
  }

  /** Gives back all but `inode`, which the caller now holds. */
  keepInode(): void {
    if (this.last !== "name") this.trail.leave();
    this.trail.toRoot();
  }

  release(): void {
    if (this.inode && this.last === "name") this.tree.forget(this.inode, 1);
    this.trail.toRoot();
  }
}

function components(path: Bytes): Bytes[] {
  return path.split("/").filter((part) => part !== "").reverse() as Bytes[];
}

/**
 * Walks to `path` and stops at its last component, which need not exist. With `followLast` a symlink there is
 * followed too, and then the place is the one that the link names.
 *
 * Errors: -ENOENT (empty path, or a directory on the way is missing), -ENOTDIR, -ELOOP, -ENAMETOOLONG, -EINVAL
 * (a NUL byte), and those of `Engine.lookup` and `Engine.readlink`.
 */
export function resolve(tree: Tree, path: Bytes, followLast: boolean): Place | Errno {
  if (path === "") return fail(E.ENOENT);
  if (path.length >= PATH_MAX) return fail(E.ENAMETOOLONG);
  if (path.includes("\0")) return fail(E.EINVAL);
  const trail = new Trail(tree);
  const place = step(tree, trail, path, followLast);
  if (isErrno(place)) trail.toRoot();
  return place;
}

function step(tree: Tree, trail: Trail, path: Bytes, followLast: boolean): Place | Errno {
  const pending = components(path);
  let slash = path.endsWith("/");
  let links = 0;
  let last: LastComponent = "root";
  while (pending.length > 0) {
    const name = pending.pop()!;
    const isLast = pending.length === 0;
    if (name === "." || name === "..") {
      if (name === "..") trail.up();
      last = name === "." ? "dot" : "dotdot";
      continue;
    }
    if (name.length > NAME_MAX) return fail(E.ENAMETOOLONG);
    const inode = tree.lookup(trail.current, name);
    if (isErrno(inode)) {
      if (isLast && inode === -E.ENOENT) return new Place(tree, trail, "name", name, null, slash);
      return inode;
    }
    if (inode.type === S_IFLNK && (!isLast || followLast)) {
      const target = tree.readlink(inode);
      tree.forget(inode, 1);
      if (isErrno(target)) return target;
      if (++links > MAXSYMLINKS) return fail(E.ELOOP);
      if (target.startsWith("/")) trail.toRoot();
      if (isLast) slash ||= target.endsWith("/");
      pending.push(...components(target));
      last = "root";
      continue;
    }
    if (isLast) return new Place(tree, trail, "name", name, inode, slash);
    if (!inode.isDirectory) {
      tree.forget(inode, 1);
      return fail(E.ENOTDIR);
    }
    trail.enter(inode, name);
  }
  return new Place(tree, trail, last, "" as Bytes, trail.current, slash);
}

/**
 * The inode that `path` names, to be given back with `release`. Without `follow` a symlink in the last component
 * is answered itself, unless a slash follows it. Errors as in `resolve`.
 */
export function walk(tree: Tree, path: Bytes, follow: boolean): Inode | Errno {
  const place = resolve(tree, path, follow || path.endsWith("/"));
  if (isErrno(place)) return place;
  const inode = place.existing;
  if (isErrno(inode)) place.release();
  else place.keepInode();
  return inode;
}

/** Gives back what `walk` answered. The root holds a reference of its own. */
export function release(tree: Tree, inode: Inode): void {
  if (inode !== tree.root) tree.forget(inode, 1);
}
