/**
 * Deleting without device nodes: where the upper's file system takes none, the option whiteouts=oci writes the marks of
 * OCI layers. A mark beside a name hides the lowers' and not the upper's, so it is made before what it is to replace
 * goes, and taken away after what replaces it has come: at no moment is anything seen that was deleted.
 */
import type { Bytes } from "../sys/bytes.js";
import { E } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { markOf, OPAQUE_MARK } from "./oci.js";
import type { RealDirectory } from "./real.js";
import { createFile, removeFile } from "./upper.js";

const MODE = 0o600;

/** Hides the name of the layers below; 0 or an errno. */
export function putMark(directory: RealDirectory, name: Bytes): number {
  return touch(directory, markOf(name));
}

/** The name stands for something of the upper now. What is left where that fails does no harm but to cost a lookup. */
export function dropMark(directory: RealDirectory, name: Bytes): void {
  removeFile(directory, markOf(name));
}

/** Marks a directory of the upper, or one that is being built, as opaque; 0 or an errno. */
export function putOpaqueMark(directory: RealDirectory): number {
  return touch(directory, OPAQUE_MARK);
}

function touch(directory: RealDirectory, name: Bytes): number {
  const fd = createFile(directory, name, MODE);
  if (fd >= 0) native.close(fd);
  return fd === -E.EEXIST ? 0 : Math.min(fd, 0);
}
