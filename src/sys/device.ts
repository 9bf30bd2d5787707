/** Device numbers in the 32 bits that FUSE has for them: new_encode_dev of the kernel's `linux/kdev_t.h`. */

/** Major in bits 8 to 19, minor in the others. */
export function encodeDevice(major: number, minor: number): number {
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
}

export function deviceMajor(device: number): number {
  return (device >>> 8) & 0xfff;
}

export function deviceMinor(device: number): number {
  return (device & 0xff) | ((device >>> 12) & 0xfff00);
}
