/**
 * Names between libfuse 2 and the engine. fuse-native makes JavaScript strings of them, so that a byte that is
 * not UTF-8 arrives as U+FFFD and cannot be told from another; such names are refused, never guessed.
 */
import { toBuffer, type Bytes } from "../sys/bytes.js";
import { E, fail, type Errno } from "../sys/errno.js";

const REPLACEMENT = "\uFFFD";
const ASCII = /^[\x00-\x7f]*$/;

/** The bytes of a name or path from fuse-native; -EILSEQ where they got lost on the way. */
export function fromNative(text: string): Bytes | Errno {
  if (ASCII.test(text)) return text as Bytes;
  if (text.includes(REPLACEMENT)) return fail(E.EILSEQ);
  return Buffer.from(text, "utf8").toString("latin1") as Bytes;
}

/** A name or link target as fuse-native takes it; -EILSEQ where it is not UTF-8, or holds U+FFFD itself. */
export function toNative(name: Bytes): string | Errno {
  if (ASCII.test(name)) return name;
  const text = toBuffer(name).toString("utf8");
  return text.includes(REPLACEMENT) ? fail(E.EILSEQ) : text;
}
