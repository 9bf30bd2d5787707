/**
 * What the mount table says of an overlay of the kernel. It shows the layers as they were given, in its escapes and in
 * the overlay's own, and only those options that differ from the module's defaults, which are read beside it.
 * Source: ovl_show_options and ovl_redirect_mode_def in fs/overlayfs/params.c.
 */
import { readFileSync, statSync } from "node:fs";
import { splitEscaped, unescape } from "../escaped-list.js";
import { bytes, concat, display, toBuffer, type Bytes } from "../sys/bytes.js";
import { unescapeField, type MountEntry } from "../sys/mount-table.js";
import { InspectError } from "./inspect-error.js";
import type { OverlaySpec } from "./spec.js";

/** The layers as the table shows them. */
interface ShownLayers {
  lower: Bytes[];
  dataOnly: Bytes[];
  upper: Bytes | null;
  work: Bytes | null;
}

/** What an overlay of the kernel is made of. Throws InspectError where that can't be told. */
export function kernelSpec({ mountpoint, superOptions }: MountEntry): OverlaySpec {
  const shown: ShownLayers = { lower: [], dataOnly: [], upper: null, work: null };
  const options = superOptions.filter((option) => !takeLayer(shown, option));
  const base = baseOf(shown, mountpoint);
  const absolute = (path: Bytes): Bytes => (path.startsWith("/") ? path : concat(base, "/" as Bytes, path));
  return {
    source: "kernel", merged: mountpoint,
    lower: shown.lower.map(absolute), dataOnly: shown.dataOnly.map(absolute),
    upper: shown.upper && absolute(shown.upper), work: shown.work && absolute(shown.work),
    options: withDefaults(options), statistics: null,
  };
}

/** Takes an option that names layers; false for any other. */
function takeLayer(shown: ShownLayers, option: string): boolean {
  const equals = option.indexOf("=");
  const value = unescapeField(option.slice(equals + 1));
  switch (equals < 0 ? "" : option.slice(0, equals)) {
    case "lowerdir": takeList(shown, value); return true;
    // These are taken literally, and so shown without escapes of the overlay's own.
    case "lowerdir+": shown.lower.push(value); return true;
    case "datadir+": shown.dataOnly.push(value); return true;
    case "upperdir": shown.upper = unescape(value); return true;
    case "workdir": shown.work = unescape(value); return true;
    default: return false;
  }
}

/** A layer behind an empty place, which is two colons, is data-only. */
function takeList(shown: ShownLayers, list: Bytes): void {
  let isData = false;
  for (const part of splitEscaped(list, ":")) {
    if (part === "") isData = true;
    else (isData ? shown.dataOnly : shown.lower).push(unescape(part));
  }
}

/**
 * The directory that relative layers start from: whoever mounted was in it, and the table does not say which. It is
 * looked for among the directories above the mount point, as container engines have it, and then here.
 */
function baseOf(shown: ShownLayers, mountpoint: Bytes): Bytes {
  const relative = [...shown.lower, ...shown.dataOnly, shown.upper, shown.work].filter((path): path is Bytes => path !== null && !path.startsWith("/"));
  if (relative.length === 0) return "" as Bytes;
  const above = mountpoint.split("/").map((_, i, parts) => parts.slice(0, parts.length - 1 - i).join("/") as Bytes).slice(0, -1);
  const found = [...above, bytes(process.cwd())].find((base) => relative.every((path) => isDirectory(concat(base, "/" as Bytes, path))));
  if (found !== undefined) return found;
  throw new InspectError(`the overlay at '${display(mountpoint)}' names its layers by relative paths ('${display(relative[0]!)}'); run this in the directory in which it was mounted, or name the layers by --lower and --upper`);
}

function isDirectory(path: Bytes): boolean {
  try {
    return statSync(toBuffer(path)).isDirectory();
  } catch {
    return false;
  }
}

/** The options, with those that the table leaves out because they are the module's defaults. */
function withDefaults(options: readonly string[]): string[] {
  const shown = new Set(options.map((option) => option.split("=")[0]));
  return [...options, ...moduleDefaults().filter((option) => !shown.has(option.split("=")[0]))];
}

function moduleDefaults(): string[] {
  const onOff = (name: string): string => (parameter(name) ? "on" : "off");
  const redirects = parameter("redirect_dir") ? "on" : parameter("redirect_always_follow") ? "follow" : "nofollow";
  return [`redirect_dir=${redirects}`, `metacopy=${onOff("metacopy")}`, `index=${onOff("index")}`, `nfs_export=${onOff("nfs_export")}`];
}

function parameter(name: string): boolean {
  try {
    return readFileSync(`/sys/module/overlay/parameters/${name}`, "latin1").startsWith("Y");
  } catch {
    return false;
  }
}
