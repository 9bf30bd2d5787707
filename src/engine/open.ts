/**
 * Opening an overlay: every layer by descriptor, the options against each other, the work directory swept and
 * the upper's file system tried for what it can do. Whatever is wrong ends in an OptionError, with nothing
 * left open and nothing changed.
 * Source: ovl_fill_super, ovl_get_workdir and ovl_check_layer in fs/overlayfs/super.c.
 */
import { bytes, display, type Bytes } from "../sys/bytes.js";
import { LOCK_EX, LOCK_NB } from "../sys/constants.js";
import { E, errnoName } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import { mayUseTrusted } from "../sys/trusted-xattrs.js";
import { settle, withoutXattrs, type Config } from "./config.js";
import { Credentials } from "./credentials.js";
import { CopyAhead } from "./copy-ahead.js";
import { DescriptorCache } from "./descriptors.js";
import { openIndex } from "./index-directory.js";
import { InodeNumbers } from "./inode-number.js";
import { InodeTable } from "./inode-table.js";
import { isWithin, Layer, lowerLayer, openNamed, privatePair, type LayerFormat, type OpenedDirectory } from "./layer.js";
import { yieldToFileSystems } from "./handle-support.js";
import { Misses } from "./misses.js";
import { OptionError, type OverlayOptions } from "./options.js";
import type { OverlayFs } from "./overlay-fs.js";
import { overrideOf, startOverride } from "./override-stat.js";
import { Presentation } from "./presentation.js";
import { ITSELF, RealDirectory } from "./real.js";
import { dropStaged } from "./staging.js";
import type { Log } from "./types.js";
import { createFile, createNameless, makeDirectory, makeWhiteout, removeDirectory, removeFile, removeXattr, setXattr } from "./upper.js";
import { prepareWork, Work, type UpperFeatures } from "./work.js";
import { settleUuid } from "./uuid.js";
import { WalkAhead } from "./walk-ahead.js";
import { xattrNames } from "./xattr-names.js";

/** Two descriptors a layer is what a deep stack needs; half the limit is left for what comes with requests. */
const SHARE_OF_LIMIT = 2;
const LOCK_TRIES = 60;
const LOCK_PAUSE_MS = 50;
const pause = new Int32Array(new SharedArrayBuffer(4));
/** The whiteout that is made to see whether it can be. */
const TRIED = bytes("#whiteout");
const INCOMPAT_VOLATILE = bytes("work/incompat/volatile");

/** Opens an overlay; throws OptionError. */
export function openOverlay(options: OverlayOptions, log: Log): OverlayFs {
  const opened: OpenedDirectory[] = [];
  try {
    return assemble(options, log, opened);
  } catch (error) {
    for (const { fd } of opened) native.close(fd);
    throw error;
  }
}

function assemble(options: OverlayOptions, log: Log, opened: OpenedDirectory[]): OverlayFs {
  if (options.lower.length === 0) throw new OptionError("no lower layer is given; name at least one with --lower or lowerdir=");
  const config = settle(options, mayUseTrusted(), log);
  const format: LayerFormat = { xattrs: xattrNames(config), hasOciMarks: config.whiteouts === "oci" };
  const limit = native.raiseFileLimit();
  const lowers = [...options.lower, ...(options.dataOnly ?? [])].map((path) => track(opened, openNamed("lower layer", path)));
  const pair = openPair(options, opened);
  checkOverlaps(lowers, pair);
  if (pair) checkPair(options, pair.upper, pair.work);
  const cache = new DescriptorCache(Math.max(64, Math.floor(limit / SHARE_OF_LIMIT)));
  const upper = pair ? openUpper(cache, options, config, format, pair, log) : null;
  const layers = lowers.map((directory, i) => lowerLayer(cache, i + 1, directory, format));
  opened.length = 0;
  const lower = layers.slice(0, options.lower.length);
  const dataLayers = layers.slice(options.lower.length);
  const fs = createState({ options,  cache, upper: upper?.layer ?? null, work: upper?.work ?? null, lower, dataLayers, config, lowers, log });
  try {
    keepOverrides(fs, options);
    if (fs.work) openFeatures(fs, fs.work, config, log);
    return fs;
  } catch (error) {
    closeLayers(fs);
    throw error;
  }
}

/** Layers of containers may keep owner and mode in an xattr, and the upper is to where the option says so. */
function keepOverrides(fs: OverlayFs, { xattrPermissions }: OverlayOptions): void {
  if (!fs.hasOciMarks && !xattrPermissions) return;
  for (const layer of [...fs.lower, ...(fs.upper ? [fs.upper] : [])]) layer.statOverride = overrideOf(layer.root);
  if (!fs.work || !fs.upper || !xattrPermissions) return;
  const error = startOverride(fs.upper.root, xattrPermissions);
  if (error < 0) throw new OptionError(`the upper takes no xattr for xattr_permissions (${errnoName(error)}); put it on a file system that does, or leave the option out`);
}

/** What is kept in the upper beyond its tree: the overlay's uuid, and the index. */
function openFeatures(fs: OverlayFs, work: Work, config: Config, log: Log): void {
  yieldToFileSystems(fs, config, log);
  settleUuid(fs, config, log);
  if (config.index) fs.index = openIndex(fs, work.base);
}

/** Closes the layers and lets another mount have the work directory. */
export function closeLayers(fs: OverlayFs): void {
  fs.work?.close();
  fs.descriptors.closeAll();
  for (const layer of [...fs.lower, ...fs.dataLayers, ...(fs.upper ? [fs.upper] : [])]) layer.root.close();
}

function track(opened: OpenedDirectory[], directory: OpenedDirectory): OpenedDirectory {
  opened.push(directory);
  return directory;
}

interface Pair {
  readonly upper: OpenedDirectory;
  readonly work: OpenedDirectory | null;
}

function openPair({ upper, work, readOnly }: OverlayOptions, opened: OpenedDirectory[]): Pair | null {
  if (upper === undefined) {
    if (work !== undefined) throw new OptionError("a work directory is given without an upper; add --upper (upperdir=) or leave --work (workdir=) out");
    return null;
  }
  if (work === undefined && !readOnly) {
    throw new OptionError("an upper is given without a work directory; add --work (workdir=), an empty directory on the same file system");
  }
  return {
    upper: track(opened, openNamed("upper", upper)),
    work: work === undefined ? null : track(opened, openNamed("work directory", work)),
  };
}

/** No layer may lie in another one's tree below its root, or be given twice (ELOOP with the kernel). */
function checkOverlaps(lowers: readonly OpenedDirectory[], pair: Pair | null): void {
  const writable = pair ? [pair.upper, ...(pair.work ? [pair.work] : [])] : [];
  for (const [i, lower] of lowers.entries()) {
    for (const other of lowers.slice(i + 1)) {
      if (isSame(lower, other)) throw new OptionError(`lower layer '${display(lower.path)}' is given twice; name each layer once`);
      if (overlap(lower, other)) {
        throw new OptionError(`lower layers '${display(lower.path)}' and '${display(other.path)}' lie within one another; keep them apart`);
      }
    }
    for (const other of writable) {
      if (overlap(other, lower)) {
        throw new OptionError(`${other.option} '${display(other.path)}' and lower layer '${display(lower.path)}' lie within one another; keep them apart`);
      }
    }
  }
}

/** What is mounted inside a layer is not part of it: layers are seen without the mounts in them. */
function overlap(a: OpenedDirectory, b: OpenedDirectory): boolean {
  return a.stat.mountId === b.stat.mountId && (isWithin(a.path, b.path) || isWithin(b.path, a.path));
}

function isSame(a: OpenedDirectory, b: OpenedDirectory): boolean {
  return a.stat.dev === b.stat.dev && a.stat.ino === b.stat.ino;
}

function checkPair({ readOnly }: OverlayOptions, upper: OpenedDirectory, work: OpenedDirectory | null): void {
  if (!work) return;
  const [u, w] = [display(upper.path), display(work.path)];
  if (overlap(upper, work)) {
    throw new OptionError(`upper '${u}' and work directory '${w}' lie within one another; use two separate directories of one file system`);
  }
  if (upper.stat.dev !== work.stat.dev || upper.stat.mountId !== work.stat.mountId) {
    throw new OptionError(`upper '${u}' and work directory '${w}' are on different mounts; put both on one file system`);
  }
  if (readOnly) return;
  for (const { option, fd, path } of [upper, work]) {
    const access = native.faccessat(fd, bytes("."), 2);
    if (access < 0) throw new OptionError(`${option} '${display(path)}' can't be written (${errnoName(access)}); make it writable or mount read-only with -o ro`);
  }
}

/** The writable side: the layer and, unless it is to stay untouched, the work directory. */
function openUpper(
  cache: DescriptorCache, options: OverlayOptions, config: Config, format: LayerFormat, pair: Pair, log: Log,
): { layer: Layer; work: Work | null } {
  const { upper, work } = pair;
  if (work) refuseVolatile(work);
  if (!work || options.readOnly) return { layer: new Layer(cache, 0, upper.path, upper.fd, false, format), work: null };
  const { upperFd, workFd, isPrivate } = privatePair(upper, work);
  const layer = new Layer(cache, 0, upper.path, upperFd, isPrivate, format);
  const base = RealDirectory.root(cache, layer, workFd);
  try {
    lock(upperFd, upper);
    lock(workFd, work);
    return { layer, work: openWork(base, work, config, log) };
  } catch (error) {
    if (isPrivate) {
      native.close(upperFd);
      native.close(workFd);
    }
    throw error;
  }
}

/**
 * Held for the life of the mount: two mounts that build in one work directory would destroy each other's work.
 * A daemon that was killed, or whose mount was taken away, needs a moment to be gone: seconds on a busy machine.
 */
function lock(fd: number, { option, path }: OpenedDirectory): void {
  let locked = native.flock(fd, LOCK_EX | LOCK_NB);
  for (let tries = 0; locked < 0 && tries < LOCK_TRIES; tries++) {
    Atomics.wait(pause, 0, 0, LOCK_PAUSE_MS);
    locked = native.flock(fd, LOCK_EX | LOCK_NB);
  }
  if (locked < 0) {
    throw new OptionError(`${option} '${display(path)}' is in use by another live mount; unmount that first or use another directory`);
  }
}

/** A volatile mount leaves its guard behind: what the upper holds may be incomplete, to read from it as well. */
function refuseVolatile({ fd, path }: OpenedDirectory): void {
  if (native.statx(fd, INCOMPAT_VOLATILE, new Stat().fields) < 0) return;
  throw new OptionError(`work directory '${display(path)}' was used by a volatile mount, so the upper may be incomplete; if you trust it, remove work/incompat there`);
}

function openWork(base: RealDirectory, { path }: OpenedDirectory, config: Config, log: Log): Work {
  const directory = prepareWork(base);
  if (typeof directory === "number") {
    refuseFull(directory, path);
    throw new OptionError(`work directory '${display(path)}' can't be prepared (${errnoName(directory)}); use an empty, writable directory`);
  }
  const refusal = tryWhiteout(directory);
  refuseFull(refusal, path);
  if (refusal < 0 && config.whiteouts !== "oci") {
    removeDirectory(base, bytes("work"));
    throw new OptionError(`the upper's file system takes no whiteouts (${errnoName(refusal)}), as is so with one that is an overlay itself; put the upper and '${display(path)}' on another, or use whiteouts=oci`);
  }
  const work = new Work(base, path, directory, { ...probeFeatures(directory, path, log), whiteouts: refusal >= 0 }, log);
  if (!work.features.xattr) withoutXattrs(config, log);
  if (config.fsync === "volatile") markVolatile(base);
  return work;
}

/** What is only short of room would look like what the file system can't do. */
function refuseFull(error: number, path: Bytes): void {
  if (error !== -E.ENOSPC && error !== -E.EDQUOT) return;
  throw new OptionError(`there is no room for work directory '${display(path)}' (${errnoName(error)}); make some, or mount without changes by -o ro`);
}

/** The kernel's guard: until somebody removes it by hand, the upper is not mounted again. */
function markVolatile(base: RealDirectory): void {
  const work = base.child(bytes("work"));
  const incompat = work.child(bytes("incompat"));
  makeDirectory(work, bytes("incompat"), 0o700);
  makeDirectory(incompat, bytes("volatile"), 0o700);
  const dirty = createFile(incompat.child(bytes("volatile")), bytes("dirty"), 0o600);
  if (dirty >= 0) native.close(dirty);
}

/** Whether a deletion could be recorded: the kernel refuses overlays as uppers by other signs. 0 or an errno. */
function tryWhiteout(work: RealDirectory): number {
  const made = makeWhiteout(work, TRIED);
  return made < 0 ? made : removeFile(work, TRIED);
}

/** Tries what the file system of the upper can do, as ovl_make_workdir does. */
function probeFeatures(work: RealDirectory, path: Bytes, log: Log): Pick<UpperFeatures, "tmpfile" | "xattr"> {
  const nameless = createNameless(work, 0);
  refuseFull(nameless, path);
  if (nameless >= 0) native.close(nameless);
  const marked = setXattr(work, work.layer.xattrs.opaque, Buffer.from("0"), 0);
  refuseFull(marked, path);
  if (marked >= 0) removeXattr(work, work.layer.xattrs.opaque);
  else log.warn(`the upper takes no overlay xattrs (${errnoName(marked)}): no opaque directories, inode numbers change with a copy-up`);
  return { tmpfile: nameless >= 0, xattr: marked >= 0 };
}

/** What was opened, for the state. */
interface Opened {
  readonly options: OverlayOptions;
  readonly cache: DescriptorCache;
  readonly upper: Layer | null;
  readonly work: Work | null;
  readonly lower: readonly Layer[];
  readonly dataLayers: readonly Layer[];
  readonly config: Config;
  readonly lowers: readonly OpenedDirectory[];
  readonly log: Log;
}

function createState({ options,  cache, upper, work, lower, dataLayers, config, lowers, log }: Opened): OverlayFs {
  const stat = new Stat();
  const devices = [...(upper ? [upper] : []), ...lower].map((layer) => {
    native.statx(layer.root.fd(), ITSELF, stat.fields);
    return stat.dev;
  });
  const fs: OverlayFs = {
    upper, lower, work, dataLayers, config,
    hasOciMarks: config.whiteouts === "oci",
    rootLowers: lower.map((layer) => layer.root),
    index: null,
    descriptors: cache,
    inodes: new InodeTable((inode) => dropStaged(fs, inode, null), config.nfsExport),
    numbers: new InodeNumbers(devices, options.shortInodeNumbers),
    presentation: Presentation.of(options),
    hasAcls: !options.noAcl,
    credentials: new Credentials(),
    misses: new Misses(),
    walkAhead: new WalkAhead(),
    copyAhead: new CopyAhead(),
    traps: trapsOf(lowers),
    log,
    counts: { copyUps: 0, copiedBytes: 0, whiteouts: 0 },
    onAttributesChanged: null,
    onListingChanged: null,
    onCopyingAhead: null,
    onEvent: null,
  };
  return fs;
}

/** The roots of layers that can be met by walking through another one. */
function trapsOf(lowers: readonly OpenedDirectory[]): ReadonlySet<string> {
  const inner = lowers.filter((a) => lowers.some((b) => a !== b && a.stat.mountId === b.stat.mountId && isWithin(a.path, b.path)));
  return new Set(inner.map(({ stat }) => `${stat.dev}:${stat.ino}`));
}
