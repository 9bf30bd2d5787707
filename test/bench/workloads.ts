/** The rows of the table: what is measured in each, on which layers, from which state, and what ovlfs has to reach. */
import { NPM_CI } from "./stacks.js";
import { DEEP_DIRECTORIES, DIRECTORIES, MEBIBYTE, SMALL_FILE, deepFiles, treeFiles, type Sizes, type StackName } from "./ground.js";
import type { Need } from "./mounters.js";

/**
 * Before the measured run:
 * `cold`: nothing is in the caches;
 * `layers`: the layers are, from a reader that went past the mount, but the mount itself has served nothing;
 * `warm`: the same has been done before.
 */
export type State = "cold" | "layers" | "warm";

export interface Workload {
  /** What --only selects by. */
  readonly id: string;
  readonly title: string;
  readonly stack: StackName;
  readonly state: State;
  /** The largest ratio to the kernel that is good enough. */
  readonly target?: number;
  readonly needs?: Need;
  /** Others publish copies whose data is not on disk yet, so `volatile` is compared too. */
  readonly unsynced?: boolean;
  /** Milliseconds that are good enough, where a ratio would say nothing. */
  readonly limit?: number;
  /** A shell command that has to succeed in the merged directory before, and one after; neither is measured. */
  readonly before?: string;
  readonly after?: string;
  /** Words of the C program, run in the merged directory. */
  words(sizes: Sizes): readonly (string | number)[];
}

const large = (sizes: Sizes): number => sizes.of(256) * MEBIBYTE;

export const workloads: readonly Workload[] = [
  {
    id: "walk-cold", title: "walk, cold", stack: "three", state: "cold", target: 2,
    words: (sizes) => ["walk", "tree", treeFiles(sizes)],
  },
  {
    id: "walk-warm", title: "walk, warm", stack: "three", state: "warm", target: 1.15,
    words: (sizes) => ["walk", "tree", treeFiles(sizes)],
  },
  {
    id: "read-all-cold", title: "read all, cold", stack: "three", state: "cold", target: 1.4,
    words: (sizes) => ["read-all", "tree", treeFiles(sizes), treeFiles(sizes) * SMALL_FILE],
  },
  {
    id: "read-all-warm", title: "read all, warm", stack: "three", state: "warm", target: 1.25,
    words: (sizes) => ["read-all", "tree", treeFiles(sizes), treeFiles(sizes) * SMALL_FILE],
  },
  {
    id: "read-all-lstat", title: "lstat and read all, warm", stack: "three", state: "warm", target: 1.25,
    words: (sizes) => ["read-all-lstat", "tree", treeFiles(sizes), treeFiles(sizes) * SMALL_FILE],
  },
  {
    id: "walk-120", title: "walk 120 layers, cold", stack: "deep", state: "cold", target: 2,
    words: () => ["walk", "tree", deepFiles()],
  },
  {
    id: "missing-120", title: "5,000 missing names, 120 layers", stack: "deep", state: "layers", target: 0.2,
    words: (sizes) => ["missing", "tree", DEEP_DIRECTORIES, sizes.of(5000)],
  },
  {
    id: "missing", title: "20,000 missing names", stack: "three", state: "layers", target: 3,
    words: (sizes) => ["missing", "tree", DIRECTORIES, sizes.of(20_000)],
  },
  {
    id: "open-close", title: "20,000 open/close of one file", stack: "three", state: "warm", target: 1.25,
    words: (sizes) => ["open-close", "tree/d00000/f000000", sizes.of(20_000)],
  },
  {
    id: "read-sequential-cold", title: "sequential read, cold", stack: "large", state: "cold", target: 1.3,
    words: (sizes) => ["read-sequential", "large", large(sizes)],
  },
  {
    id: "read-sequential-warm", title: "sequential read, warm", stack: "large", state: "warm", target: 1.1,
    words: (sizes) => ["read-sequential", "large", large(sizes)],
  },
  {
    id: "read-random", title: "50,000 random reads, warm", stack: "large", state: "warm", target: 1.05,
    words: (sizes) => ["read-random", "large", large(sizes), sizes.of(50_000)],
  },
  {
    id: "read-mapped", title: "mapped read, cold", stack: "large", state: "cold",
    words: (sizes) => ["read-mapped", "large", large(sizes)],
  },
  {
    id: "write-sequential", title: "sequential write + fsync", stack: "three", state: "layers", target: 1.25,
    words: (sizes) => ["write-sequential", "new", large(sizes)],
  },
  {
    id: "write-small", title: "30,000 writes of 4 KiB", stack: "three", state: "layers", target: 1.5,
    words: (sizes) => ["write-small", "new", sizes.of(30_000)],
  },
  {
    id: "create", title: "create 5,000 files of 1 KiB", stack: "three", state: "layers", target: 4,
    words: (sizes) => ["create", "new", sizes.of(5000), 1024],
  },
  {
    id: "create-rename-unlink", title: "create+rename+unlink, 5,000 times", stack: "three", state: "layers", target: 5,
    words: (sizes) => ["create-rename-unlink", "new", sizes.of(5000)],
  },
  {
    id: "chmod", title: "chmod 2,000 lower files", stack: "three", state: "layers", target: 1, needs: "copy-up", unsynced: true,
    words: (sizes) => ["chmod", "tree", DIRECTORIES, sizes.of(2000)],
  },
  {
    id: "mode-recursive", title: "chmod -R, 10,000 lower files", stack: "three", state: "layers", needs: "copy-up", unsynced: true,
    after: "test -z \"$(find tree -type f ! -perm -g+w -print -quit)\"",
    words: () => shell("chmod -R g+w tree"),
  },
  {
    id: "append", title: "append to 1,000 lower files", stack: "three", state: "layers", needs: "copy-up", unsynced: true,
    words: (sizes) => ["append", "tree", DIRECTORIES, sizes.of(1000), SMALL_FILE],
  },
  {
    id: "write-byte", title: "one byte into 256 MiB lower, ext4", stack: "large", state: "layers", target: 1, needs: "copy-up", unsynced: true,
    words: (sizes) => ["write-byte", "large", large(sizes)],
  },
  {
    id: "remove", title: "remove a lower tree of 10,000 files", stack: "three", state: "layers", target: 2.5, needs: "whiteouts",
    words: () => ["remove", "tree"],
  },
  {
    id: "write-byte-xfs", title: "the same on xfs with reflink", stack: "reflink", state: "layers", target: 1, needs: "copy-up", unsynced: true,
    words: (sizes) => ["write-byte", "large", large(sizes)],
  },
  {
    id: "git-status", title: "git status, 5,000 files", stack: "repository", state: "warm", needs: "replace",
    words: () => shell("cd repository && test -z \"$(git status --porcelain)\""),
  },
  {
    id: "git-checkout", title: "git checkout, 1,000 files change", stack: "repository", state: "layers", needs: "copy-up",
    before: "cd repository && git status", after: "cd repository && test -z \"$(git status --porcelain)\"",
    words: () => shell("cd repository && git checkout -q other"),
  },
  {
    id: "npm-ci", title: "npm ci of this project", stack: "project", state: "layers", after: "test -e project/node_modules/typescript/package.json",
    words: () => shell(`cd project && ${NPM_CI}`),
  },
  {
    id: "build", title: "C build, make -j2", stack: "sources", state: "layers", after: "sources/program",
    words: () => shell("make -C sources -s -j2"),
  },
  {
    id: "tar-out", title: "tar of 10,000 files", stack: "three", state: "cold",
    words: (sizes) => shell(`test "$(tar -cf - tree | wc -c)" -gt ${treeFiles(sizes) * SMALL_FILE}`),
  },
  {
    id: "tar-in", title: "untar 3,334 files", stack: "three", state: "layers", before: "tar -cf new.tar -C ../three/0 tree && mkdir new",
    after: "diff -r new/tree ../three/0/tree",
    words: () => shell("tar -xf new.tar -C new"),
  },
  {
    id: "two-readers", title: "two readers at once, cold", stack: "halves", state: "cold",
    words: (sizes) => ["read-together", treeFiles(sizes) / 2, treeFiles(sizes) / 2 * SMALL_FILE, "left", "right"],
  },
  {
    id: "stat-p99", title: "p99 of stat while 2 GiB are copied up", stack: "huge", state: "layers", needs: "copy-up", limit: 10,
    words: (sizes) => ["stat-beside-copy", "tree", DIRECTORIES, treeFiles(sizes), "huge"],
  },
];

function shell(line: string): string[] { return ["run", "sh", "-c", line]; }
