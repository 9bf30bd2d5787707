/**
 * What can mount an overlay: the kernel, ovlfs, and ovlfs over libfuse 2. The kernel's is the oracle: a case
 * that fails there is a wrong case. OVLFS_TEST_MOUNTERS (names with commas) narrows a run.
 */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makePlace, removePlace } from "./places.js";
import { mustRun, run } from "./processes.js";

/** What a case may need of a mounter beyond what all of them do. */
export type Capability =
  /** renameat2 with NOREPLACE and EXCHANGE. */
  | "rename-flags"
  /** O_TMPFILE. */
  | "unnamed-files"
  /** SEEK_DATA and SEEK_HOLE tell holes. */
  | "holes"
  | "fallocate"
  /** Names that are not UTF-8. */
  | "raw-names"
  /** POSIX ACLs. */
  | "acls"
  /** Times in nanoseconds, and those before 1970. */
  | "nanoseconds"
  /** A modification time can be set without the access time. */
  | "separate-times"
  /** What a user makes is the user's. */
  | "user-owners"
  /** All names of a file are one inode. */
  | "shared-links"
  /** A file deleted while open is gone from its directory. */
  | "unlinked-files"
  /** Directories deeper than a path may be long. */
  | "long-paths"
  /** A buffer too small for an xattr is refused with ERANGE. */
  | "xattr-sizes"
  /** Types and inode numbers in listings. */
  | "full-attributes"
  /** A position in a directory holds while names before it go. */
  | "stable-offsets"
  /** A setgid bit that no group execution goes with is lost by a write from outside the group. */
  | "lone-setgid"
  /** A chown(2) of neither id arrives. */
  | "empty-chown"
  /** name_to_handle_at(2) and open_by_handle_at(2). */
  | "file-handles"
  /** The flags of chattr(1). */
  | "file-flags"
  /** Descriptors and mappings from before a copy-up see what is written after it; the kernel's overlay does not have this. */
  | "readers-follow-copy-up";

export interface MountSpec {
  /** The directory that relative layer paths start from. */
  readonly cwd: string;
  readonly lowers: readonly string[];
  /** Data-only layers, below the lowers. */
  readonly dataLayers?: readonly string[] | undefined;
  readonly upper?: string | undefined;
  readonly work?: string | undefined;
  readonly merged: string;
  readonly options?: readonly string[] | undefined;
  /** Options that ovlfs alone has. */
  readonly ownOptions?: readonly string[] | undefined;
}

export interface Mounter {
  readonly name: string;
  readonly capabilities: ReadonlySet<Capability>;
  /** Why it can't be used on this machine, or null. */
  unavailable(): string | null;
  mount(spec: MountSpec): void;
  unmount(merged: string): void;
}

export const CLI = join(import.meta.dirname, "../../dist/cli/main.js");

const common: readonly Capability[] = [
  "rename-flags", "unnamed-files", "holes", "fallocate", "raw-names", "acls", "nanoseconds", "separate-times", "user-owners", "shared-links",
  "unlinked-files", "long-paths", "xattr-sizes", "full-attributes", "stable-offsets", "file-flags", "file-handles", "lone-setgid", "empty-chown",
];

export const kernel: Mounter = {
  name: "kernel",
  capabilities: new Set(common),
  unavailable: once(kernelUnavailable),
  mount(spec) {
    const layers = [`lowerdir=${lowerList(spec)}`];
    if (spec.upper !== undefined) layers.push(`upperdir=${spec.upper}`, `workdir=${spec.work!}`);
    const options = [...layers, ...(spec.options ?? [])].join(",");
    mustRun("mount", ["-t", "overlay", "overlay", "-o", options, spec.merged], { cwd: spec.cwd });
  },
  unmount(merged) { mustRun("umount", [merged]); },
};

export const ovlfs: Mounter = {
  name: "ovlfs",
  capabilities: new Set<Capability>([...common, "readers-follow-copy-up"]),
  unavailable: once(fuseUnavailable),
  mount(spec) { mountOvlfs(spec, []); },
  unmount: unmountOvlfs,
};

/** With data=passthrough; only where OVLFS_TEST_MOUNTERS names it. */
export const ovlfsPassthrough: Mounter = {
  ...ovlfs,
  name: "ovlfs-passthrough",
  mount(spec) { mountOvlfs(spec, ["-o", "data=passthrough"]); },
};

export const ovlfsOverLibfuse: Mounter = {
  name: "ovlfs-fuse-native",
  capabilities: new Set<Capability>(["readers-follow-copy-up", "xattr-sizes", "full-attributes"]),
  unavailable: once(libfuseUnavailable),
  mount(spec) { mountOvlfs(spec, ["--transport", "fuse-native"]); },
  unmount: unmountOvlfs,
};

const wanted = process.env.OVLFS_TEST_MOUNTERS?.split(",");

/** All of them, the oracle first. */
export const mounters: readonly Mounter[] = [kernel, ovlfs, ovlfsPassthrough, ovlfsOverLibfuse]
  .filter((mounter) => wanted === undefined ? mounter !== ovlfsPassthrough : wanted.includes(mounter.name));

/** Those two, where the run wants them, for `describe.each`. */
export const kernelAndOvlfs = mounters.filter((mounter) => mounter === kernel || mounter === ovlfs).map((mounter) => ({ mounter, name: mounter.name }));

function lowerList({ lowers, dataLayers }: MountSpec): string { return [lowers.join(":"), ...(dataLayers ?? [])].join("::"); }

function mountOvlfs(spec: MountSpec, words: readonly string[]): void {
  const layers = ["--lower", lowerList(spec)];
  if (spec.upper !== undefined) layers.push("--upper", spec.upper, "--work", spec.work!);
  const options = [...(spec.options ?? []), ...(spec.ownOptions ?? [])].flatMap((option) => ["-o", option]);
  mustRun(process.execPath, [CLI, "mount", ...words, ...layers, ...options, spec.merged], { cwd: spec.cwd });
}

function unmountOvlfs(merged: string): void { mustRun(process.execPath, [CLI, "umount", merged]); }

function once(ask: () => string | null): () => string | null {
  let answer: string | null | undefined;
  return () => (answer === undefined ? (answer = ask()) : answer);
}

function kernelUnavailable(): string | null {
  if (process.getuid?.() !== 0) return "only root mounts the kernel's overlay";
  const place = makePlace();
  try {
    for (const name of ["l", "u", "w", "m"]) mkdirSync(join(place, name));
    const tried = run("mount", ["-t", "overlay", "overlay", "-o", "lowerdir=l,upperdir=u,workdir=w", "m"], { cwd: place });
    if (tried.status !== 0) return `the kernel's overlay does not mount here: ${tried.stderr.trim()}`;
    mustRun("umount", [join(place, "m")]);
    return null;
  } finally {
    removePlace(place);
  }
}

function fuseUnavailable(): string | null {
  if (process.getuid?.() !== 0) return "the list of cases needs root (device nodes, owners, trusted xattrs)";
  if (!existsSync("/dev/fuse")) return "there is no /dev/fuse";
  return null;
}

function libfuseUnavailable(): string | null {
  const reason = fuseUnavailable();
  if (reason !== null) return reason;
  if (!existsSync(join(import.meta.dirname, "../../node_modules/fuse-native"))) return "the optional package fuse-native is not installed";
  if (!libraryList().includes("libfuse.so.2")) return "there is no libfuse.so.2 (Debian: libfuse2)";
  return null;
}

function libraryList(): string {
  const listed = run("/sbin/ldconfig", ["-p"]);
  return listed.status === 0 ? listed.stdout : readFileSync("/etc/ld.so.cache", "latin1");
}
