/**
 * st_ino of the merged tree. Where all layers are on one file system it is the inode number there, as with
 * the kernel. Where they are not, a FUSE mount has one st_dev only, so the number of the file system goes into
 * the high bits, as the kernel does with xino=on. A number that leaves no room there (that of a layer which is such
 * a mount itself) becomes another one, always the same, in a range of its own.
 * Source: Documentation/filesystems/overlayfs.rst, "Inode properties".
 */
import type { Stat } from "../sys/stat.js";

const INO_BITS = 64n;
const SHORT_INO_BITS = 32n;
// Odd constants of splitmix64: distinct numbers of one file system stay distinct before they are cut.
const STEP = 0x9e3779b97f4a7c15n;
const MIX = 0xbf58476d1ce4e5b9n;
const MIX_AGAIN = 0x94d049bb133111ebn;

export class InodeNumbers {
  readonly #devices = new Map<number, bigint>();
  readonly #shift: bigint;

  /** The value of the high bits for numbers that leave them no room, and for file systems beyond those expected. */
  readonly #crowded: bigint;

  /** `devices`: the st_dev of the layers, in any order; the numbers depend on it. `isShort`: they have 32 bits. */
  constructor(devices: readonly number[], private readonly isShort = false) {
    for (const device of devices) this.#add(device);
    // Room for as many again (a layer may hold more than one device, as btrfs subvolumes) and for the crowded.
    const bits = BigInt(Math.ceil(Math.log2(this.#devices.size * 2 + 2)));
    this.#shift = (isShort ? SHORT_INO_BITS : INO_BITS) - bits;
    this.#crowded = (1n << bits) - 1n;
  }

  /** How many file systems the layers are on. */
  get deviceCount(): number {
    return this.#devices.size;
  }

  of(stat: Stat): bigint {
    return this.on(stat.dev, stat.ino);
  }

  /** The number for inode `ino` of device `dev`. */
  on(dev: number, ino: bigint): bigint {
    const index = this.#devices.get(dev) ?? this.#add(dev);
    if (index === 0n && this.#devices.size === 1 && !(this.isShort && ino >> SHORT_INO_BITS)) return ino;
    if (ino >> this.#shift !== 0n || index >= this.#crowded) return this.#mixed(index, ino);
    return ino | (index << this.#shift);
  }

  /** Two numbers can meet here, once in some 2^30 files; once in some 2^15 where they are short. */
  #mixed(index: bigint, ino: bigint): bigint {
    let mixed = BigInt.asUintN(Number(INO_BITS), ino * STEP + index * MIX);
    mixed = BigInt.asUintN(Number(INO_BITS), (mixed ^ (mixed >> 30n)) * MIX);
    mixed = BigInt.asUintN(Number(INO_BITS), (mixed ^ (mixed >> 27n)) * MIX_AGAIN);
    mixed ^= mixed >> 31n;
    return (this.#crowded << this.#shift) | BigInt.asUintN(Number(this.#shift), mixed);
  }

  #add(device: number): bigint {
    const known = this.#devices.get(device);
    if (known !== undefined) return known;
    const index = BigInt(this.#devices.size);
    this.#devices.set(device, index);
    return index;
  }
}
