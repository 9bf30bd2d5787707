/**
 * Run when ovlfs is built and when it is installed: mounts and uses a small overlay, and keeps the code that V8 made of
 * the program for that, so that no later start compiles it again (start.cts). Where nothing can be mounted, such as in a
 * container that is being built, what ran until then is kept. A second mount, which has that code already, finds out which
 * parts of Node are needed (node-text.ts).
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LAUNCHER } from "./launcher.js";
import { NODE_TEXT } from "./node-text.js";

const CODE = fileURLToPath(new URL("bundle.code", import.meta.url));
const PATIENCE = 10_000;

/** Bytes of a file that is one hole: read in some 1,000 requests, at which V8 begins to optimize. */
const LARGE = 256 * 1024 * 1024;

/** What is done in the mount: files are read, made, renamed; a lower one is changed, another removed. */
const USE = "ls -lR . && cat file && echo more >>file && mkdir made && echo new >made/new && mv made/new new && rm gone";
const MUCH_USE = `${USE} && cat large`;

/** Mounts and uses an overlay; what the daemon has left in the file that an environment variable names, or null. */
function leftBy(variable: string, use: string): Buffer | null {
  const place = mkdtempSync(join(tmpdir(), "ovlfs-code-"));
  const left = join(place, "left");
  const run = (command: string, words: readonly string[], cwd = place): boolean => spawnSync(command, words, {
    cwd, stdio: "ignore", timeout: PATIENCE, env: { ...process.env, [variable]: left },
  }).status === 0;
  try {
    for (const name of ["lower", "upper", "work", "merged"]) mkdirSync(join(place, name));
    for (const name of ["file", "gone", "large"]) writeFileSync(join(place, "lower", name), `${name}\n`);
    truncateSync(join(place, "lower/large"), LARGE);
    if (run(LAUNCHER, ["-o", "lowerdir=lower,upperdir=upper,workdir=work", "merged"])) {
      run("sh", ["-c", use], join(place, "merged"));
      if (!run(LAUNCHER, ["umount", "merged"])) run(LAUNCHER, ["umount", "-l", "merged"]);
    }
    return existsSync(left) ? readFileSync(left) : null;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** Puts what was left into the place of `file`; whether there was anything. */
function keep(file: string, left: Buffer | null): boolean {
  if (left === null) return false;
  writeFileSync(`${file}.new`, left);
  renameSync(`${file}.new`, file);
  return true;
}

if (!keep(CODE, leftBy("OVLFS_KEEP_CODE", USE))) console.log("ovlfs: no compiled code is kept, so it starts somewhat slower");
keep(NODE_TEXT, leftBy("OVLFS_FIND_TEXT", MUCH_USE));
