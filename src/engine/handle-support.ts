/**
 * What rests on file handles yields where a layer's file system has none, or where its uuid does not tell it from
 * another: the index and nfs_export fall back to off, and origins in such a layer are not looked up, for they
 * could lead to another object.
 * Source: ovl_lower_dir, ovl_make_workdir, ovl_lower_uuid_ok and ovl_get_fsid in fs/overlayfs/super.c.
 */
import { display } from "../sys/bytes.js";
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import { BTRFS_SUPER_MAGIC, STATFS_FIELDS, StatfsField } from "../sys/statfs.js";
import { allowsOfflineChanges, type Config } from "./config.js";
import type { Layer } from "./layer.js";
import { hasFileHandles, uuidOf } from "./origin.js";
import type { OverlayFs } from "./overlay-fs.js";
import { ITSELF } from "./real.js";
import type { Log } from "./types.js";

const stat = new Stat();
const statfs = new Float64Array(STATFS_FIELDS);

/** Settles, for a writable overlay, what its layers' file systems leave of the features. */
export function yieldToFileSystems(fs: OverlayFs, config: Config, log: Log): void {
  if (config.index || config.nfsExport) {
    const without = [fs.upper!, ...fs.lower, ...fs.dataLayers].find((layer) => !hasFileHandles(layer));
    if (without) switchOff(config, log, `the file system of '${display(without.path)}' has no file handles`);
  }
  const ambiguous = markAmbiguous(fs, allowsOfflineChanges(config));
  if (ambiguous && (config.index || config.nfsExport)) {
    switchOff(config, log, `the file system of '${display(ambiguous.path)}' has no uuid, or that of another layer`);
  }
}

function switchOff(config: Config, log: Log, reason: string): void {
  config.index = false;
  config.nfsExport = false;
  log.warn(`${reason}: falling back to index=off,nfs_export=off`);
}

/** Marks the lowers that handles can't be told to belong to; one of them. */
function markAmbiguous(fs: OverlayFs, mayBeReformatted: boolean): Layer | null {
  const upperKey = fileSystemOf(fs.upper!);
  const known = new Map<string, Layer[]>();
  for (const layer of fs.lower) {
    const key = fileSystemOf(layer);
    known.set(key, [...(known.get(key) ?? []), layer]);
  }
  let one: Layer | null = null;
  for (const [key, layers] of known) {
    const uuid = uuidOf(layers[0]!);
    const isShared = [...known].some(([other, [first]]) => other !== key && uuidOf(first!).equals(uuid));
    // One squashfs in the place of another has objects of its own under the same handles.
    const isUnknown = mayBeReformatted && uuid.every((byte) => byte === 0);
    if (key === upperKey || !(isShared || isUnknown)) continue;
    for (const layer of layers) layer.isAmbiguous = true;
    one = layers[0]!;
  }
  return one;
}

/** What tells one file system from another: subvolumes of one btrfs have devices of their own. */
function fileSystemOf(layer: Layer): string {
  native.statx(layer.root.fd(), ITSELF, stat.fields);
  native.fstatfs(layer.root.fd(), statfs);
  return statfs[StatfsField.Type] === BTRFS_SUPER_MAGIC ? uuidOf(layer).toString("hex") : String(stat.dev);
}
