/**
 * What a mount tells of itself as extended attributes: on each file and directory where it comes from, on the root what
 * the mount is made of and what it has done. They are made up when they are read, stand in no layer, and can't be set.
 * The names and values are those of docs/provenance.md.
 */
import type { Engine } from "./engine/engine.js";
import type { Inode } from "./engine/inode.js";
import { layerWords, type RealPlace } from "./engine/provenance.js";
import { bytes, concat, type Bytes } from "./sys/bytes.js";
import { E, type Errno } from "./sys/errno.js";
import { flagWords } from "./mount-words.js";
import type { MountRequest } from "./transport.js";

const PREFIX = bytes("user.ovlfs.");
const SPACE = bytes(" ");
const COMMA = bytes(",");

/** More lowers than this are not listed one by one: a list of xattrs has room for 64 KiB. */
const LISTED_LAYERS = 500;

/** What the transport counts; by name. */
export type TransportCounts = () => Readonly<Record<string, number>>;

/** Of any file or directory; null where it has none. */
const ofInode: Readonly<Record<string, (engine: Engine, inode: Inode) => Bytes | null>> = {
  layer: (engine, inode) => bytes(layerWords(engine.provenance(inode).top.layer)),
  path: (engine, inode) => engine.provenance(inode).top.path,
  origin: (engine, inode) => {
    const { origin } = engine.provenance(inode);
    return origin === "unknown" ? bytes(origin) : origin && describePlace(origin);
  },
  data: (engine, inode) => {
    const { data } = engine.provenance(inode);
    return data && describePlace(data);
  },
};

/** `lower 1 /layers/base/etc/hosts`; without the path where that is not known. */
function describePlace({ layer, path }: RealPlace): Bytes {
  const words = bytes(layerWords(layer));
  return path === null ? words : concat(words, SPACE, path);
}

/** Of the root of the mount. */
const ofMount: Readonly<Record<string, (mount: VirtualXattrs) => Bytes | null>> = {
  layers: ({ engine }) => bytes(String(engine.layers.lower.length)),
  upper: ({ engine }) => engine.layers.upper,
  work: ({ engine }) => engine.layers.work,
  options: ({ options }) => options,
  statistics: (mount) => mount.statistics(),
};

const NUMBERED = /^(lower|data)\.(0|[1-9][0-9]*)$/;

export class VirtualXattrs {
  /** The options in force, as for -o. */
  readonly options: Bytes;
  readonly #isListed: boolean;
  readonly #counts: TransportCounts;

  constructor(readonly engine: Engine, request: MountWords, counts: TransportCounts = () => ({})) {
    this.options = optionsInForce(engine, request);
    this.#isListed = request.listsProvenance;
    this.#counts = counts;
  }

  /** The value's length, which is in `buffer` unless that is empty; or ENODATA, ERANGE. As `Engine.getxattr`. */
  getxattr(inode: Inode, name: Bytes, buffer: Uint8Array): number {
    const value = this.#value(inode, name.slice(PREFIX.length));
    if (value === null) return -E.ENODATA;
    if (buffer.length === 0) return value.length;
    if (value.length > buffer.length) return -E.ERANGE;
    return Buffer.from(buffer.buffer, buffer.byteOffset, buffer.length).write(value, "latin1");
  }

  /** A list of xattrs, each name ended by NUL, with those that are to be listed behind it. */
  list(inode: Inode, stored: Buffer | Errno): Buffer | Errno {
    if (!this.#isListed || typeof stored === "number") return stored;
    const names = this.#names(inode).filter((name) => this.#value(inode, name) !== null);
    return Buffer.concat([stored, Buffer.from(names.map((name) => `${PREFIX}${name}\0`).join(""), "latin1")]);
  }

  statistics(): Bytes {
    const { engine } = this;
    const { copyUps, copiedBytes, whiteouts } = engine.counts;
    const all = { inodes: engine.inodeCount, copy_ups: copyUps, copied_bytes: copiedBytes, whiteouts, ...this.#counts() };
    return bytes(Object.entries(all).map(([name, value]) => `${name} ${value}\n`).join(""));
  }

  #value(inode: Inode, name: string): Bytes | null {
    const ofAny = own(ofInode, name);
    if (ofAny) return ofAny(this.engine, inode);
    if (inode !== this.engine.root) return null;
    const numbered = NUMBERED.exec(name);
    if (numbered) return this.engine.layers[numbered[1] as "lower" | "data"][Number(numbered[2])] ?? null;
    return own(ofMount, name)?.(this) ?? null;
  }

  #names(inode: Inode): readonly string[] {
    if (inode !== this.engine.root) return Object.keys(ofInode);
    const numbered = (["lower", "data"] as const)
      .flatMap((kind) => this.engine.layers[kind].slice(0, LISTED_LAYERS).map((_, index) => `${kind}.${index}`));
    return [...Object.keys(ofInode), ...Object.keys(ofMount), ...numbered];
  }
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Of a mount, what its options say. */
export type MountWords = Pick<MountRequest, "flags" | "allowOther" | "copyUpAtOpen" | "passthrough" | "listsProvenance">;

function optionsInForce(engine: Engine, { flags, allowOther, copyUpAtOpen, passthrough, listsProvenance }: MountWords): Bytes {
  return [
    ...flagWords(flags).map(bytes), ...(allowOther ? [bytes("allow_other")] : []),
    ...[...engine.options, `copy_up=${copyUpAtOpen ? "open" : "change"}`, `data=${passthrough ? "passthrough" : "cache"}`,
      `provenance=${listsProvenance ? "listed" : "hidden"}`].map(bytes),
  ].join(COMMA) as Bytes;
}
