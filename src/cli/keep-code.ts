/**
 * Run when ovlfs is built and when it is installed: mounts and uses a small overlay, and keeps the code that V8 made of
 * the program for that, so that no later start compiles it again (start.cts). Where nothing can be mounted, such as in a
 * container that is being built, what ran until then is kept.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LAUNCHER } from "./launcher.js";

const CODE = fileURLToPath(new URL("bundle.code", import.meta.url));
const PATIENCE = 10_000;

/** What is done in the mount: files are read, made, renamed; a lower one is changed, another removed. */
const USE = 'ls -lR . && cat file && echo more >>file && mkdir made && echo new >made/new && mv made/new new && rm gone';

/** Mounts and uses an overlay in `place`, an empty directory; the file that now holds the code. */
function codeFrom(place: string): string {
  for (const name of ["lower", "upper", "work", "merged"]) mkdirSync(join(place, name));
  for (const name of ["file", "gone"]) writeFileSync(join(place, "lower", name), `${name}\n`);
  const kept = join(place, "code");
  const run = (command: string, words: readonly string[], cwd = place): boolean => spawnSync(command, words, {
    cwd, stdio: "ignore", timeout: PATIENCE, env: { ...process.env, OVLFS_KEEP_CODE: kept },
  }).status === 0;

  if (run(LAUNCHER, ["-o", "lowerdir=lower,upperdir=upper,workdir=work", "merged"])) {
    run("sh", ["-c", USE], join(place, "merged"));
    if (!run(LAUNCHER, ["umount", "merged"])) run(LAUNCHER, ["umount", "-l", "merged"]);
  }
  return kept;
}

const place = mkdtempSync(join(tmpdir(), "ovlfs-code-"));
try {
  const kept = codeFrom(place);
  if (existsSync(kept)) {
    writeFileSync(`${CODE}.new`, readFileSync(kept));
    renameSync(`${CODE}.new`, CODE);
  } else {
    console.log("ovlfs: no compiled code is kept, so it starts somewhat slower");
  }
} finally {
  rmSync(place, { recursive: true, force: true });
}
