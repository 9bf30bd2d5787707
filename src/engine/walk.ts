/**
 * One lookup on its way down the layers: what it looks for next, which redirects change, and what it met so
 * far, which decides whether the layers below are asked at all.
 * Source: struct ovl_lookup_data, ovl_lookup_single and ovl_lookup_layer in fs/overlayfs/namei.c.
 */
import type { Bytes } from "../sys/bytes.js";
import { E, fail, isErrno, type Errno } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { S_IFREG, Stat } from "../sys/stat.js";
import type { Layer } from "./layer.js";
import { readMetacopy } from "./metacopy.js";
import type { OverlayFs } from "./overlay-fs.js";
import { RealFile, type RealDirectory } from "./real.js";
import { isMarked } from "./oci.js";
import { joinPath, readRedirect } from "./redirect.js";
import { isWhiteout, opacity } from "./whiteout.js";

/** The attributes of what was found last. */
export const found = new Stat();

/** What a layer has: a directory or a file that counts, or nothing that does. */
export type Kind = "directory" | "file" | "nothing";

export class Walk {
  /** The path from the root of each layer, after an absolute redirect; null: `name` in the parent's directories. */
  path: readonly Bytes[] | null = null;
  /** A directory was found: files below no longer count. */
  isDirectory = false;
  /** It is hidden by a whiteout or opaque in the layer asked last. */
  opaque = false;
  /** The layers below have nothing to add. */
  stop = false;
  /** No layer is below the one being asked, so marks need not be read. */
  last = false;
  /** The size of the metacopy xattr of the file found last (at least 1); 0: it has its data. */
  metacopy = 0;
  /** The last redirect was a path from the root. */
  absolute = false;
  /** The redirect in force, as the format writes it; null for none. */
  redirect: Bytes | null = null;
  /** It is hidden by a mark that does not stand in its place (oci.ts). */
  isMarked = false;
  /** The directory found last is marked as holding whiteouts by xattr. */
  xwhiteouts = false;
  /** Where the layer asked last has what it found, and under which name. */
  directory: RealDirectory | null = null;
  foundName: Bytes;

  constructor(public name: Bytes) {
    this.foundName = name;
  }

  /** Asks one layer: below `base`, which is the layer's root where the walk has a path. */
  ask(fs: OverlayFs, base: RealDirectory): Kind | Errno {
    if (!this.path) return this.#step(fs, base, this.name, 0, true);
    let directory = base;
    for (let rest = this.path.length; rest > 0; rest--) {
      const at = this.path.length - rest;
      const name: Bytes = this.path[at]!;
      const kind = this.#step(fs, directory, name, at, rest === 1);
      if (rest === 1 || kind !== "directory") return kind;
      directory = directory.child(name);
    }
    return "nothing";
  }

  /** Looks up one name of one real directory; `at` is its place in the path, `isEnd` whether it is the last. */
  #step(fs: OverlayFs, directory: RealDirectory, name: Bytes, at: number, isEnd: boolean): Kind | Errno {
    const fd = directory.fd();
    if (fd < 0) return fail(-fd);
    const error = native.statx(fd, name, found.fields);
    if (error < 0) return error === -E.ENOENT || error === -E.ENAMETOOLONG ? this.#miss(directory, name) : fail(-error);
    if (isWhiteout(directory, name, found)) {
      this.opaque = true;
      return this.#end();
    }
    if (isEnd && this.metacopy > 0 && found.type !== S_IFREG) return this.#end();
    this.directory = directory;
    this.foundName = name;
    return found.isDirectory ? this.#enter(fs, directory, name, at, isEnd) : this.#meetFile(fs, directory, name, at, isEnd);
  }

  #end(): Kind {
    this.stop = true;
    return "nothing";
  }

  /** The name is not there; a mark may hide that of the layers below. */
  #miss(directory: RealDirectory, name: Bytes): Kind {
    if (!isMarked(directory, name)) return "nothing";
    this.opaque = this.isMarked = true;
    return this.#end();
  }

  #meetFile(fs: OverlayFs, directory: RealDirectory, name: Bytes, at: number, isEnd: boolean): Kind | Errno {
    if (this.isDirectory || !isEnd) return this.#end();
    const file = new RealFile(directory, name);
    const metacopy = mayBeMetacopy(isLowest(fs, directory.layer)) ? readMetacopy(file) : 0;
    if (metacopy < 0) return fail(-metacopy);
    this.metacopy = metacopy;
    this.stop = metacopy === 0;
    return metacopy === 0 || this.last ? "file" : this.#follow(file, at, "file");
  }

  #enter(fs: OverlayFs, directory: RealDirectory, name: Bytes, at: number, isEnd: boolean): Kind | Errno {
    if (fs.traps.size > 0 && fs.traps.has(`${found.dev}:${found.ino}`)) return fail(E.ELOOP);
    if (isEnd) this.isDirectory = true;
    this.xwhiteouts = false;
    if (this.last) return "directory";
    const child = directory.child(name);
    const mark = isMarked(directory, name) ? "opaque" : opacity(child);
    if (mark === "opaque") {
      this.stop = true;
      if (isEnd) this.opaque = true;
      return "directory";
    }
    this.xwhiteouts = isEnd && mark === "xwhiteouts" && !directory.layer.isUpper;
    return this.#follow(child, at, "directory");
  }

  /** Reads the redirect of an object on the way, which is the element `at` of the path. */
  #follow(place: RealDirectory | RealFile, at: number, kind: Kind): Kind | Errno {
    this.absolute = false;
    const redirect = readRedirect(place);
    if (redirect === null) return kind;
    if (isErrno(redirect)) return redirect;
    const rest = this.path ? this.path.slice(at + 1) : [];
    if (redirect.path) {
      this.absolute = true;
      // A directory above may have been opaque: the path leads elsewhere.
      this.stop = false;
      this.path = [...redirect.path, ...rest];
    } else if (this.path) {
      this.path = [...this.path.slice(0, at), redirect.name, ...rest];
    }
    this.name = this.path ? this.path.at(-1)! : redirect.name;
    this.redirect = this.path ? joinPath(this.path) : this.name;
    return kind;
  }
}

/**
 * In the lowest layer a metacopy has no data anywhere and is an error. To find it out costs each lookup a system
 * call, so there only files are asked that have fewer blocks than their size takes.
 */
function mayBeMetacopy(isInLowest: boolean): boolean {
  if (found.type !== S_IFREG) return false;
  return !isInLowest || found.blocks * 512 < found.size || found.blocks === 0;
}

/** Whether no layer is below one of the lowers. */
export function isLowest(fs: OverlayFs, layer: Layer): boolean {
  return layer.index === fs.lower.length;
}
