/**
 * st_ino of the merged tree. Where all layers are on one file system it is the inode number there, as with
 * the kernel. Where they are not, a FUSE mount has one st_dev only, so the number of the file system goes into
 * the high bits, as the kernel does with xino=on.
 * Source: Documentation/filesystems/overlayfs.rst, "Inode properties".
 */
import type { Stat } from "../sys/stat.js";
import type { Log } from "./types.js";

const INO_BITS = 64n;

export class InodeNumbers {
  readonly #devices = new Map<number, bigint>();
  readonly #shift: bigint;

  /** `devices`: the st_dev of the layers, in any order; the numbers depend on it. */
  constructor(devices: readonly number[], private readonly log: Log) {
    for (const device of devices) this.#add(device);
    // Room for as many again: a layer may hold more than one device (btrfs subvolumes).
    this.#shift = INO_BITS - BigInt(Math.ceil(Math.log2(this.#devices.size * 2 + 1)));
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
    if (index === 0n) return ino;
    if (ino >> this.#shift !== 0n) {
      this.log.warn(`inode number ${ino.toString()} leaves no room for the file system's; numbers may repeat`, "inode-number");
    }
    return BigInt.asUintN(Number(INO_BITS), ino | (index << this.#shift));
  }

  #add(device: number): bigint {
    const known = this.#devices.get(device);
    if (known !== undefined) return known;
    const index = BigInt(this.#devices.size);
    this.#devices.set(device, index);
    return index;
  }
}
