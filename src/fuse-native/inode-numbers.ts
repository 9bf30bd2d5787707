/**
 * Inode numbers for a binding that carries 32 bits of them. Narrow numbers pass unchanged; a wide one gets a
 * number counted down from the top, the same for the life of the mount, so that no two files become one.
 */
export class InodeNumbers {
  readonly #narrow = new Map<bigint, number>();
  #next = 0xffff_ffff;

  narrow(ino: bigint): number {
    if (ino < 0xff00_0000n) return Number(ino);
    let number = this.#narrow.get(ino);
    if (number === undefined) {
      number = this.#next--;
      this.#narrow.set(ino, number);
    }
    return number;
  }
}
