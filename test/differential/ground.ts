/**
 * Where layers are built: a tmpfs and a small ext4 in a file on it, both of a worker's own, so that syncing them
 * is fast and disturbs nobody.
 */
import { chmodSync, mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { mustRun, run } from "../harness/processes.js";
import { raw } from "../harness/syscalls.js";
import { MNT_DETACH } from "../../src/sys/constants.js";
import { native } from "../../src/sys/native.js";

const IMAGE_SIZE = "256M";

export class Ground {
  readonly place = mkdtempSync(join(tmpdir(), "ovlfs-differential-"));
  readonly tmpfs = join(this.place, "tmpfs");
  readonly ext4 = join(this.place, "ext4");

  constructor() {
    chmodSync(this.place, 0o755);
    for (const directory of [this.tmpfs, this.ext4]) mkdirSync(directory);
    mustRun("mount", ["-t", "tmpfs", "-o", "mode=755", "ovlfs-test", this.tmpfs]);
    const image = join(this.tmpfs, "ext4.image");
    mustRun("truncate", ["-s", IMAGE_SIZE, image]);
    mustRun("mkfs.ext4", ["-q", "-O", "^has_journal", image]);
    mustRun("mount", ["-o", "loop,noatime", image, this.ext4]);
  }

  end(): void {
    for (const directory of [this.ext4, this.tmpfs]) native.umount2(raw(directory), MNT_DETACH);
    run("rm", ["-rf", "--one-file-system", this.place]);
  }
}
