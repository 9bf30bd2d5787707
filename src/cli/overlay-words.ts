/**
 * The words of the commands that look at an overlay as a whole: those that say which it is (target-words.ts), at most one
 * path, and options of the command's own. Without a path it is the working directory, or the root of named layers.
 */
import { InspectError, resolve, Stack, type Entry, type FoundOverlay, type Resolution } from "../inspect/index.js";
import { display, type Bytes } from "../sys/bytes.js";
import { errnoName } from "../sys/errno.js";
import { TARGET_HELP, TargetWords } from "./target-words.js";
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

/** The same, not opened. */
export interface NamedOverlay extends FoundOverlay {
  readonly asked: Bytes;
}

/** An option of the command itself; false where it has none of that name. */
export type OwnOption = (item: OptionItem, reader: WordReader) => boolean;

/** The lines of a help text for what is read here. */
export const OVERLAY_HELP = `${TARGET_HELP}
Without a PATH it is the working directory, or the root of the layers that are named.
`;

/** Reads the words of `command` and opens the overlay that they name. The caller closes the stack. */
export function openOverlay(words: readonly Bytes[], command: string, own: OwnOption): OpenedOverlay {
  const { spec, path, asked } = nameOverlay(words, command, own);
  return { stack: Stack.open(spec), path, asked };
}

/** Reads the words of `command`; nothing of the overlay that they name is opened. */
export function nameOverlay(words: readonly Bytes[], command: string, own: OwnOption): NamedOverlay {
  const reader = new WordReader(words);
  const target = new TargetWords();
  const plain: Bytes[] = [];
  for (let item = reader.read(); item !== undefined; item = reader.read()) {
    if ("plain" in item) plain.push(item.plain);
    else if (!target.take(reader, item) && !own(item, reader)) throw unknownOption(item.option, command);
  }
  const [path, extra] = plain;
  if (extra !== undefined) throw new UsageError(`there is one word too many: '${display(extra)}'; give one path`);
  if (path === "") throw new UsageError("the path is empty; name a file or directory");
  const asked = path ?? (target.isNamed ? "/" : ".") as Bytes;
  return { ...target.find(asked), asked };
}

/** For an option without a value: always true. */
export function flag(item: OptionItem): true {
  noValue(item);
  return true;
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
