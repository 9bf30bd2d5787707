/**
 * From a path on this machine to the overlay that it lies in and the path inside of that. The path is walked as the
 * kernel would, symlinks followed, until it enters an overlay; from there on it belongs to the merged tree and nothing
 * more is asked of the mount, so that names that were deleted can be found too.
 */
import { realpathSync } from "node:fs";
import { bytes, bytesOf, concat, display, toBuffer, type Bytes } from "../sys/bytes.js";
import { readMountTable, type MountEntry } from "../sys/mount-table.js";
import { InspectError } from "./inspect-error.js";
import { kernelSpec } from "./kernel-mount.js";
import { ovlfsSpec } from "./ovlfs-mount.js";
import type { OverlaySpec } from "./spec.js";

/** An overlay, and where in it the path leads. */
export interface FoundOverlay {
  readonly spec: OverlaySpec;
  /** From the root of the overlay. */
  readonly path: Bytes;
}

const OVERLAY = "overlay";
const OVLFS = "fuse.ovlfs";

/** The overlay that a path lies in. Throws InspectError where it lies in none. */
export function findOverlay(path: Bytes): FoundOverlay {
  const { mount, inside } = locate(path, readMountTable());
  const fromRoot = mount.root === "/" ? inside : concat(mount.root, inside);
  const spec = mount.type === OVERLAY ? kernelSpec(mount) : ovlfsSpec(mount.mountpoint);
  return { spec, path: fromRoot === "" ? "/" as Bytes : fromRoot };
}

interface Located {
  readonly mount: MountEntry;
  /** The way from the mount point on. */
  readonly inside: Bytes;
}

function locate(path: Bytes, mounts: readonly MountEntry[]): Located {
  const absolute = path.startsWith("/") ? path : concat(bytes(process.cwd()), "/" as Bytes, path);
  const names = absolute.split("/") as Bytes[];
  let here = "/" as Bytes;
  let found = overlayAt(here, mounts);
  let inside: Bytes[] = [];
  for (const [i, name] of names.entries()) {
    if (name === "" || name === ".") continue;
    here = name === ".." ? parentOf(here) : join(here, name);
    const wasIn = found;
    found = overlayAt(here, mounts);
    // Out of the overlay, unless a symlink on the way led further down.
    if (name === ".." && wasIn && found !== wasIn) here = names.slice(0, i + 1).join("/") as Bytes;
    if (!found) {
      here = real(here, path);
      found = overlayAt(here, mounts);
    }
    // Within the overlay `..` is left to the lookup, which knows what is a symlink there.
    if (found && found === wasIn) inside.push(name);
    else inside = found ? (here.slice(found.mountpoint.length).split("/") as Bytes[]) : [];
  }
  if (!found) throw new InspectError(`'${display(path)}' lies in no overlay; name a path in a mounted one, or its layers by --lower and --upper`);
  const trailing = path.endsWith("/") ? "/" : "";
  return { mount: found, inside: concat(...inside.filter((name) => name !== "").map((name) => concat("/" as Bytes, name)), trailing as Bytes) };
}

function join(directory: Bytes, name: Bytes): Bytes {
  return directory === "/" ? concat(directory, name) : concat(directory, "/" as Bytes, name);
}

function parentOf(path: Bytes): Bytes {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 1)) as Bytes;
}

/** The overlay that is seen at a path without symlinks; undefined where another file system is. */
function overlayAt(path: Bytes, mounts: readonly MountEntry[]): MountEntry | undefined {
  let top: MountEntry | undefined;
  for (const mount of mounts) {
    const isAbove = mount.mountpoint === "/" || mount.mountpoint === path || path.startsWith(concat(mount.mountpoint, "/" as Bytes));
    // Of mounts on one point the last covers the others.
    if (isAbove && mount.mountpoint.length >= (top?.mountpoint.length ?? 0)) top = mount;
  }
  return top && (top.type === OVERLAY || top.type === OVLFS) ? top : undefined;
}

/** The path without symlinks: one on the way may lead into an overlay. */
function real(path: Bytes, asked: Bytes): Bytes {
  try {
    return bytesOf(realpathSync.native(toBuffer(path), "buffer"));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new InspectError(`'${display(asked)}' cannot be reached (${code} at '${display(path)}'); name a path in a mounted overlay, or its layers by --lower and --upper`);
  }
}
