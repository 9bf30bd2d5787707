/**
 * From a path to what it is in the merged tree, component by component. Symlinks on the way are followed inside of the
 * tree, absolute ones from its root, as a process sees it whose root the tree is; the last component is not followed
 * unless a slash ends the path. Where the way ends early, what hidden parts have there is still told.
 */
import { concat, type Bytes } from "../sys/bytes.js";
import { native } from "../sys/native.js";
import { S_IFLNK } from "../sys/stat.js";
import type { Entry, MergedDirectory } from "./merged-directory.js";
import type { Stack } from "./stack.js";
import type { FileStep } from "./steps.js";

/** As the kernel: more symlinks in one path are a loop. */
const LINKS_MAX = 40;

/** One component of the way. */
export interface Hop {
  readonly entry: Entry;
  /** What the symlink holds that was followed here. */
  readonly target: Bytes | null;
}

export interface Resolution {
  readonly hops: readonly Hop[];
  /** The path without symlinks, `.` and `..`, as far as it leads. */
  readonly path: Bytes;
  /** What the path is; null for the root, and where no layer has the directory it should be in. */
  readonly entry: Entry | null;
  /** The first component that is no directory though the path goes on; null where the way leads to the end. */
  readonly blocked: Entry | null;
  /** The path has too many symlinks. */
  readonly isLoop: boolean;
}

/** Follows a path from the root of the merged tree. */
export function resolve(stack: Stack, path: Bytes): Resolution {
  return new Way(stack, path).run();
}

/** A directory on the way, and what it was found as. */
interface Place {
  readonly entry: Entry | null;
  readonly directory: MergedDirectory;
}

class Way {
  readonly #hops: Hop[] = [];
  /** The components still to come, the next one last. */
  readonly #rest: Bytes[];
  readonly #followsLast: boolean;
  readonly #root: Place;
  /** The way from the root to here. */
  #places: Place[];
  #blocked: Entry | null = null;
  #links = 0;

  constructor(stack: Stack, path: Bytes) {
    this.#rest = componentsOf(path).reverse();
    this.#followsLast = path.endsWith("/");
    this.#root = { entry: null, directory: stack.root() };
    this.#places = [this.#root];
  }

  run(): Resolution {
    for (let name = this.#rest.pop(); name !== undefined; name = this.#rest.pop()) {
      if (name === "..") {
        if (this.#places.length > 1) this.#places.pop();
        continue;
      }
      const entry = this.#places.at(-1)!.directory.lookUp(name);
      const isEnd = this.#rest.length === 0;
      const link = isEnd && !this.#followsLast ? null : symlinkOf(entry);
      if (link && ++this.#links > LINKS_MAX) return this.#end(entry, entry.path, true);
      const target = link && readTarget(link);
      this.#hops.push({ entry, target });
      if (target !== null) this.#follow(target);
      else if (isEnd) return this.#end(entry, entry.path);
      else if (!this.#enter(entry)) return this.#end(null, entry.path);
    }
    const { entry, directory } = this.#places.at(-1)!;
    return this.#end(entry, directory.path);
  }

  #follow(target: Bytes): void {
    if (target.startsWith("/")) this.#places = [this.#root];
    this.#rest.push(...componentsOf(target).reverse());
  }

  /** Whether any layer has a directory there. */
  #enter(entry: Entry): boolean {
    if (entry.provider?.kind !== "directory") this.#blocked ??= entry;
    const directory = entry.directory();
    if (directory) this.#places.push({ entry, directory });
    return directory !== null;
  }

  #end(entry: Entry | null, at: Bytes, isLoop = false): Resolution {
    const path = concat(at, ...this.#rest.toReversed().map((name) => concat("/" as Bytes, name)));
    return { hops: this.#hops, path: path === "" ? "/" as Bytes : path, entry, blocked: this.#blocked, isLoop };
  }
}

/** The names in a path; `.` and empty ones stand for nothing. */
function componentsOf(path: Bytes): Bytes[] {
  return (path.split("/") as Bytes[]).filter((name) => name !== "" && name !== ".");
}

function symlinkOf({ provider }: Entry): FileStep | null {
  return provider?.kind === "file" && provider.stat.type === S_IFLNK ? provider : null;
}

const buffer = Buffer.alloc(4096);

/** What a symlink of a layer holds; null where it can't be read. */
export function readTarget({ directory, name }: FileStep): Bytes | null {
  const length = native.readlinkat(directory.fd(), name, buffer);
  return length < 0 ? null : buffer.toString("latin1", 0, length) as Bytes;
}
