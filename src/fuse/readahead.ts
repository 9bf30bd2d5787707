/**
 * How far the kernel reads ahead in files of this mount. INIT can only lower that from the default of 128 KiB, with
 * which a single READ is under way at a time; root can raise it afterwards, in the mount's directory of /sys/class/bdi
 * (sysfs-class-bdi in the kernel's ABI documents). Nothing depends on it: whoever may not, goes without.
 *
 * The daemon asks for nothing here that it would have to answer itself: the directory is opened before the mount may
 * cover it, and the mount's number is taken from what the kernel knows.
 */
import { bytes, type Bytes } from "../sys/bytes.js";
import { AT_FDCWD, O_DIRECTORY, O_RDONLY, O_RDWR } from "../sys/constants.js";
import { native } from "../sys/native.js";
import { numberIn } from "../sys/number-file.js";
import { Stat } from "../sys/stat.js";

/** KiB. Twice the default has two READs under way; more was not faster, and costs more where reads are scattered. */
const READAHEAD = 256;

/** Where /sys/class/bdi leads to. */
const DEVICES = bytes("/sys/devices/virtual/bdi");

export class Readahead {
  readonly #devices: number;

  /** Before the mount. */
  constructor() {
    this.#devices = process.geteuid!() === 0 ? native.openat(AT_FDCWD, DEVICES, O_RDONLY | O_DIRECTORY, 0) : -1;
  }

  /** Raises that of what is mounted at `mountpoint` now. A container has no /sys, or one that is read-only: then nothing is done. */
  raise(mountpoint: Bytes): void {
    const stat = new Stat();
    if (this.#devices < 0 || native.cachedStatx(mountpoint, stat.fields) < 0) return;
    const file = native.openat(this.#devices, bytes(`${stat.devMajor}:${stat.devMinor}/read_ahead_kb`), O_RDWR, 0);
    if (file < 0) return;
    const own = numberIn(file);
    if (own >= 0 && own < READAHEAD) {
      const raised = Buffer.from(String(READAHEAD));
      native.write(file, raised, raised.length);
    }
    native.close(file);
  }

  /** After the mount, or where there is none. */
  close(): void {
    if (this.#devices >= 0) native.close(this.#devices);
  }
}
