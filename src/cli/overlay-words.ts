/**
 * The words of the commands that look at an overlay, which are the same for each: a path in a mounted overlay, or layers
 * as a mount would be given them and a path from the root of what they would show.
 */
import { directoriesSpec, findOverlay, InspectError, resolve, Stack, type Entry, type Resolution } from "../inspect/index.js";
import { display, type Bytes } from "../sys/bytes.js";
import { errnoName } from "../sys/errno.js";
import { applyMountOptions } from "./mount-options.js";
import { Settings } from "./settings.js";
import { UsageError } from "./usage-error.js";
import { noValue, unknownOption, WordReader, type OptionItem } from "./word-reader.js";

/** An overlay to look at, and where in it. */
export interface OpenedOverlay {
  readonly stack: Stack;
  /** From the root of the overlay, beginning with a slash; symlinks and `..` may be in it. */
  readonly path: Bytes;
  /** The path as it was given, for messages. */
  readonly asked: Bytes;
}

/** An option of the command itself; false where it has none of that name. */
export type OwnOption = (item: OptionItem, reader: WordReader) => boolean;

/** The lines of a help text for what is read here. */
export const OVERLAY_HELP = `PATH lies in a mounted overlay, of ovlfs or of the kernel; without one it is the working directory. Or the layers are
named, mounted or not, and PATH begins at the root of what they show:

  --lower DIR[:DIR]...   lower layers, topmost first; again for more below
  --upper DIR            the writable layer
  --work DIR             taken and passed over
  -o OPTION[,OPTION]...  options of the mount, as metacopy=on, userxattr or lowerdir=DIR
`;

/** Reads the words of `command` and opens the overlay that they name. The caller closes the stack. */
export function openOverlay(words: readonly Bytes[], command: string, own: OwnOption): OpenedOverlay {
  const reader = new WordReader(words);
  const settings = new Settings();
  const plain: Bytes[] = [];
  for (let item = reader.read(); item !== undefined; item = reader.read()) {
    if ("plain" in item) plain.push(item.plain);
    else if (!takeLayers(settings, item, reader) && !own(item, reader)) throw unknownOption(item.option, command);
  }
  const [path, extra] = plain;
  if (extra !== undefined) throw new UsageError(`there is one word too many: '${display(extra)}'; give one path`);
  if (path === "") throw new UsageError("the path is empty; name a file or directory");
  return settings.lower.length > 0 || settings.upper !== undefined ? ofLayers(settings, path) : ofMount(path ?? "." as Bytes);
}

/** For an option without a value: always true. */
export function flag(item: OptionItem): true {
  noValue(item);
  return true;
}

function takeLayers(settings: Settings, item: OptionItem, reader: WordReader): boolean {
  switch (item.option) {
    case "--lower": settings.addLower("--lower", reader.value(item, "DIR[:DIR]...")); return true;
    case "--upper": settings.upper = reader.value(item, "DIR"); return true;
    case "--work": settings.work = reader.value(item, "DIR"); return true;
    case "-o": case "--options": applyMountOptions(settings, reader.value(item, "OPTION[,OPTION]...")); return true;
    default: return false;
  }
}

function ofLayers(settings: Settings, path: Bytes | undefined): OpenedOverlay {
  if (settings.lower.length === 0) throw new UsageError("no lower layer is given; name at least one by --lower DIR");
  const inside = path ?? "/" as Bytes;
  return {
    stack: Stack.open(directoriesSpec(settings, settings.features)),
    path: inside.startsWith("/") ? inside : `/${inside}` as Bytes, asked: inside,
  };
}

function ofMount(path: Bytes): OpenedOverlay {
  const { spec, path: inside } = findOverlay(path);
  return { stack: Stack.open(spec), path: inside, asked: path };
}

/** Where a path leads to. */
export interface Place {
  /** Without symlinks, `.` and `..`; `/` for the root. */
  readonly path: Bytes;
  /** Null for the root. */
  readonly entry: Entry | null;
}

/** What a path is that has to be seen in the merged tree. Throws InspectError where it is not. */
export function requirePlace(opened: OpenedOverlay): Place {
  const { path: plain, entry, blocked } = followed(opened, opened.stack);
  const asked = display(opened.asked);
  if (plain === "/") return { path: plain, entry: null };
  if (entry?.answer.kind === "refused") {
    throw new InspectError(`looking up '${asked}' is refused (${errnoName(entry.answer.error)})`);
  }
  if (entry?.answer.kind !== "found" || blocked) throw new InspectError(`'${asked}' does not exist in the overlay`);
  return { path: plain, entry };
}

/** Follows the path in `stack`, which is the overlay or a part of it; throws InspectError where its symlinks go round. */
export function followed({ path, asked }: OpenedOverlay, stack: Stack): Resolution {
  const way = resolve(stack, path);
  if (way.isLoop) throw new InspectError(`'${display(asked)}' is a loop of symlinks; name another path`);
  // A path that ends in `..` is a directory whose own name was not looked up.
  return !way.entry && !way.blocked && way.path !== path && way.path !== "/" ? resolve(stack, way.path) : way;
}
