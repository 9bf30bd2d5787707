/**
 * A lookup told as data: one step for each layer that was asked, with what it has there as evidence, and for each layer
 * that was not asked what it would have had. Nothing here touches a file.
 */
import type { RealDirectory } from "../engine/real.js";
import type { Bytes } from "../sys/bytes.js";
import type { Errno } from "../sys/errno.js";
import type { Stat } from "../sys/stat.js";
import type { StackLayer } from "./stack.js";

/** What became of an object of a layer. */
export type Use =
  /** It is what is seen: its attributes, and its data unless it is a metacopy. */
  | "provides"
  /** A directory that is merged below the one that provides. */
  | "merges"
  /** It holds the data of the metacopy above it. */
  | "data"
  /** A directory on the way of a redirect, or a metacopy below another one: it only leads on. */
  | "passes"
  /** It gives nothing, and ends the search: a whiteout. */
  | "ends"
  /** It is not seen, because of `hiding`. */
  | "hidden";

/** Why something of a layer is not seen. */
export interface Hiding {
  readonly cause:
    /** A file above it ended the search. */
    | "file"
    /** A file, while above it stands a directory. */
    | "directory"
    /** Neither a regular file nor below anything else but a metacopy, whose data it cannot be. */
    | "metacopy"
    | "whiteout"
    /** A directory above it says that nothing below it counts. */
    | "opaque"
    /** A directory or metacopy above it has its lower under another name. */
    | "redirect"
    /** A copy in the index, made under another name of the same lower file, stands for it. */
    | "index"
    /** The lookup was refused. */
    | "refusal";
  /** What hides it. */
  readonly by: ObjectStep;
}

/** A place in a layer. */
interface At {
  readonly layer: StackLayer;
  /** From the root of the layer, beginning with a slash. */
  readonly path: Bytes;
}

/** The layer was asked and has nothing there. */
export interface NothingStep extends At {
  readonly kind: "nothing";
}

/** The layer could not be asked. */
export interface FailedStep extends At {
  readonly kind: "failed";
  readonly error: Errno;
}

interface Met extends At {
  readonly directory: RealDirectory;
  readonly name: Bytes;
  readonly stat: Stat;
  readonly use: Use;
  readonly hiding: Hiding | null;
}

/**
 * How a whiteout is written: a character device 0/0, an empty file with the whiteout xattr, or the file `.wh.NAME` of OCI
 * layers, which is then the object of the step.
 */
export type WhiteoutMark = "device" | "xattr" | "oci";

export interface WhiteoutStep extends Met {
  readonly kind: "whiteout";
  readonly mark: WhiteoutMark;
}

export interface DirectoryStep extends Met {
  readonly kind: "directory";
  /** As the value of the opaque xattr: `y` hides what is below, `x` says that files in it may be whiteouts by xattr. */
  readonly opaque: "y" | "x" | null;
  /** What stands for it on disk in place of that xattr: a mark of OCI layers; null for the xattr. */
  readonly ociOpaque: Bytes | null;
  /** Under which name, or path from the root, the layers below have it. */
  readonly redirect: Bytes | null;
}

/** Anything but a directory. */
export interface FileStep extends Met {
  readonly kind: "file";
  /** The size of the metacopy mark; 0 where it holds its own data. */
  readonly metacopy: number;
  readonly redirect: Bytes | null;
}

export type ObjectStep = WhiteoutStep | DirectoryStep | FileStep;
export type Step = NothingStep | FailedStep | ObjectStep;

/** Why a lookup ends in an error. */
export type Refusal =
  /** A redirect, while redirect_dir=nofollow is in force. */
  | "redirect"
  /** A metacopy above another layer, while metacopy=off is in force. */
  | "metacopy"
  /** A metacopy whose data no layer has. */
  | "no-data"
  | "malformed-redirect"
  | "malformed-metacopy"
  /** A directory that is the root of a layer. */
  | "loop"
  /** A layer cannot be read. */
  | "unreadable";

/** What a name of the merged tree is. */
export type Answer =
  /** `data` is where the bytes are: null where a data-only layer should have them and none does. */
  | { readonly kind: "found"; readonly provider: DirectoryStep | FileStep; readonly data: FileStep | null }
  /** `by` is what hides it; null where no layer that counts has it. */
  | { readonly kind: "missing"; readonly by: Hiding | null }
  | { readonly kind: "refused"; readonly error: Errno; readonly reason: Refusal };

/** Whether a layer has an object there. */
export function isObject(step: Step): step is ObjectStep {
  return step.kind !== "nothing" && step.kind !== "failed";
}
