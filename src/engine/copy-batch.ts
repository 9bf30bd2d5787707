/** Some files of lowers that are copied together, off the thread: each copy complete but for a name (copy-ahead.ts). */
import { native } from "../sys/native.js";
import { S_IFREG, type Stat } from "../sys/stat.js";
import { WHOLE_FIELDS, WholeField } from "../sys/whole.js";
import { syncsNothing } from "./config.js";
import { isDense } from "./data-copy.js";
import type { FileInode } from "./inode.js";
import { inTurn } from "./long-copies.js";
import type { Metadata } from "./metadata.js";
import { encodeOrigin } from "./origin.js";
import type { OverlayFs } from "./overlay-fs.js";
import { HANDED_ON } from "./real-flags.js";
import { RealFile } from "./real.js";
import type { Staged } from "./staging.js";
import { copyWhole } from "./upper.js";

/** Files of a batch: their inodes and data are few writes, and who waits for one of them does not wait long. */
const MOST = 16;
/** Bytes: larger files are few, and longer in coming than a round trip. */
const LARGEST = 256 * 1024;

/** A copy to be made. */
interface Wanted {
  readonly inode: FileInode;
  readonly staged: Staged;
  /** In bytes. */
  readonly size: number;
}

export class CopyBatch {
  readonly #numbers = new Float64Array(MOST * WHOLE_FIELDS);
  readonly #wanted: Wanted[] = [];
  readonly #origins: Buffer[] = [];
  #settle: () => void = () => undefined;
  readonly #settled = new Promise<void>((resolve) => { this.#settle = resolve; });

  get hasRoom(): boolean { return this.#wanted.length < MOST; }

  /** Adds a file of a lower with these attributes, whose copy then counts as staged; false where it is not copied so. */
  add(fs: OverlayFs, inode: FileInode, stat: Stat): boolean {
    const { lower } = inode;
    if (inode.upper || !lower || inode.metacopy || inode.staged || lower.layer.statOverride !== null || !isPlain(stat)) return false;
    const source = lower.openForReading();
    if (source < 0) return false;
    const origin = encodeOrigin(fs, lower);
    this.#describe(source, stat, lower.layer.mayReflink, origin.length);
    this.#origins.push(origin);
    inode.protection = 0;
    inode.staged = { building: null, settled: this.#settled, size: null, error: 0, metadata: { lower, stat, origin, isIndexed: false } satisfies Metadata };
    this.#wanted.push({ inode, staged: inode.staged, size: stat.size });
    return true;
  }

  #describe(source: number, stat: Stat, mayClone: boolean, valueLength: number): void {
    const at = this.#wanted.length * WHOLE_FIELDS;
    const numbers = this.#numbers.subarray(at, at + WHOLE_FIELDS);
    numbers[WholeField.Source] = source;
    numbers[WholeField.Size] = stat.size;
    numbers[WholeField.Uid] = stat.uid;
    numbers[WholeField.Gid] = stat.gid;
    numbers[WholeField.Mode] = stat.mode & 0o7777;
    numbers[WholeField.AtimeSec] = stat.atimeSec;
    numbers[WholeField.AtimeNsec] = stat.atimeNsec;
    numbers[WholeField.MtimeSec] = stat.mtimeSec;
    numbers[WholeField.MtimeNsec] = stat.mtimeNsec;
    numbers[WholeField.Clone] = Number(mayClone);
    numbers[WholeField.ValueLength] = valueLength;
  }

  /** Makes the copies; how many, or -1 where there were some to make and none could be. Never rejects. */
  async make(fs: OverlayFs): Promise<number> {
    if (this.#wanted.length === 0) return 0;
    const results = await this.#copy(fs);
    let made = 0;
    for (const [i, { inode, staged, size }] of this.#wanted.entries()) {
      const fd = results[i] ?? -1;
      if (fd < 0) {
        if (inode.staged === staged) inode.staged = null;
        continue;
      }
      made++;
      staged.building = { fd, name: null, place: RealFile.nameless(fs.work!.directory, fd) };
      staged.size = size;
      // Meanwhile it was copied in a hurry, or the inode dropped.
      if (inode.staged !== staged) native.close(fd);
    }
    // Who waits for one that was not made has it copied now.
    this.#settle();
    return made || -1;
  }

  async #copy(fs: OverlayFs): Promise<readonly number[]> {
    const count = this.#wanted.length;
    let results: number[] = [];
    await inTurn(async () => {
      try {
        const { origin } = fs.upper!.xattrs;
        results = await copyWhole(
          fs.work!.directory, count, this.#numbers, origin, Buffer.concat(this.#origins), HANDED_ON, !syncsNothing(fs.config),
        );
      } catch (fault) {
        this.#closeSources();
        fs.log.warn(`files were not copied ahead: ${String(fault)}`, "copy-ahead");
      }
      return 0;
    });
    return results;
  }

  /** It is not to be made: the overlay goes away. */
  abandon(): void {
    this.#closeSources();
    this.#settle();
  }

  #closeSources(): void {
    for (let i = 0; i < this.#wanted.length; i++) native.close(this.#numbers[i * WHOLE_FIELDS + WholeField.Source]!);
  }
}

/** One name, no holes, neither empty nor large, nor protected. */
function isPlain(stat: Stat): boolean {
  const { type, nlink, size, isImmutable, isAppendOnly } = stat;
  return type === S_IFREG && nlink === 1 && size > 0 && size <= LARGEST && isDense(stat) && !isImmutable && !isAppendOnly;
}
