/** An overlay opened in-process on fresh temporary directories, for tests of the engine that need no mount. */
import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Engine } from "../../src/engine/engine.js";
import type { Inode } from "../../src/engine/inode.js";
import type { OverlayOptions } from "../../src/engine/options.js";
import type { Caller } from "../../src/engine/types.js";
import { bytes, type Bytes } from "../../src/sys/bytes.js";
import { errnoName, isErrno, type Errno } from "../../src/sys/errno.js";
import { Stat } from "../../src/sys/stat.js";

/** Whiteouts and trusted xattrs need root. */
export const isRoot = process.geteuid!() === 0;
if (!isRoot) console.log("skipped: the engine's tests make device nodes and trusted xattrs, which needs root");

export const ROOT: Caller = { uid: 0, gid: 0, umask: 0o022 };

export class Fixture {
  readonly base = mkdtempSync(join(tmpdir(), "ovlfs-engine-"));
  readonly warnings: string[] = [];
  #engine: Engine | null = null;

  constructor(readonly lowerCount = 2) {
    for (const name of [...this.lowerNames, "upper", "work"]) mkdirSync(join(this.base, name));
  }

  get lowerNames(): string[] {
    return Array.from({ length: this.lowerCount }, (_, i) => `lower${i + 1}`);
  }

  path(...parts: string[]): string {
    return join(this.base, ...parts);
  }

  /** Makes a file, with its parents, in a layer. */
  file(layer: string, path: string, content: string | Buffer = ""): void {
    const full = this.path(layer, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content);
  }

  directory(layer: string, path: string): void {
    mkdirSync(this.path(layer, path), { recursive: true });
  }

  run(command: string, ...words: string[]): string {
    return execFileSync(command, words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  get options(): OverlayOptions {
    return {
      lower: this.lowerNames.map((name) => bytes(this.path(name))),
      upper: bytes(this.path("upper")),
      work: bytes(this.path("work")),
    };
  }

  open(options: OverlayOptions = this.options): Engine {
    this.#engine = Engine.open(options, { warn: (message) => this.warnings.push(message) });
    return this.#engine;
  }

  reopen(): Engine {
    return this.reopenWith(this.options);
  }

  reopenWith(options: OverlayOptions): Engine {
    this.#engine?.close();
    this.#engine = null;
    return this.open(options);
  }

  /** The path of a layer, for options. */
  bytes(layer: string): Bytes {
    return bytes(this.path(layer));
  }

  get engine(): Engine {
    return this.#engine ?? this.open();
  }

  /** The inode at a path of the merged tree; throws where there is none. */
  at(path: string): Inode {
    const found = this.find(path);
    if (isErrno(found)) throw new Error(`${path}: ${errnoName(found)}`);
    return found;
  }

  /** The inode at a path of the merged tree, or an errno. */
  find(path: string): Inode | Errno {
    let inode: Inode = this.engine.root;
    for (const name of path.split("/").filter((part) => part !== "")) {
      const child = this.engine.lookup(inode, bytes(name));
      if (isErrno(child)) return child;
      inode = child;
    }
    return inode;
  }

  read(inode: Inode): string {
    const buffer = Buffer.alloc(65536);
    const length = this.engine.read(inode, buffer, 0, buffer.length, 0);
    if (length < 0) throw new Error(errnoName(length));
    return buffer.toString("utf8", 0, length);
  }

  write(inode: Inode, text: string): number {
    const data = Buffer.from(text);
    return this.engine.write(inode, data, 0, data.length, 0);
  }

  /** The names that a directory shows, sorted, without `.` and `..`. */
  list(inode: Inode): string[] {
    const listing = this.engine.readdir(inode);
    if (isErrno(listing)) throw new Error(errnoName(listing));
    return listing.entries.map(({ name }) => Buffer.from(name, "latin1").toString()).filter((name) => !/^\.\.?$/.test(name)).sort();
  }

  stat(inode: Inode): Stat {
    const stat = new Stat();
    const error = this.engine.getattr(inode, stat);
    if (error < 0) throw new Error(errnoName(error));
    return stat;
  }

  /** What stands at a path of the upper: `whiteout`, `directory`, `file`, `other` or `absent`. */
  inUpper(path: string): string {
    const full = this.path("upper", path);
    if (!existsSync(dirname(full)) || !readdirSync(dirname(full)).includes(full.split("/").at(-1)!)) return "absent";
    const found = lstatSync(full);
    if (found.isCharacterDevice() && found.rdev === 0) return "whiteout";
    return found.isDirectory() ? "directory" : found.isFile() ? "file" : "other";
  }

  /** An xattr's value as text; null where there is none. */
  xattr(path: string, name: string): string | null {
    try {
      return this.run("getfattr", "-h", "--only-values", "-n", name, this.path(path));
    } catch {
      return null;
    }
  }

  workContent(): string[] {
    return readdirSync(this.path("work", "work"));
  }

  close(): void {
    this.#engine?.close();
    rmSync(this.base, { recursive: true, force: true });
  }
}

export const name = bytes;
