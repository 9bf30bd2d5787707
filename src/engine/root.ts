/** The root of the merged tree: the roots of all layers, merged. */
import { bytes } from "../sys/bytes.js";
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import { readUpperMarks } from "./enter.js";
import { DirectoryInode } from "./inode.js";
import { isMarkedOpaque } from "./oci.js";
import { OptionError } from "./options.js";
import type { OverlayFs } from "./overlay-fs.js";
import { ITSELF, type RealDirectory } from "./real.js";
import { opacity } from "./whiteout.js";

/** Makes the inode of the root; throws OptionError. */
export function makeRoot(fs: OverlayFs): DirectoryInode {
  const stat = new Stat();
  const top = fs.lower[0]!.root;
  const error = native.statx(top.fd(), ITSELF, stat.fields);
  if (error < 0) throw new OptionError(`lower layer '${fs.lower[0]!.path}' can't be read; check its file system`);
  const upper = fs.upper?.root ?? null;
  const lower = upper && isMarkedOpaque(upper) ? [] : visibleRoots(fs.rootLowers);
  // The lowest layer hides nothing below it.
  for (const directory of lower.slice(0, -1)) directory.xwhiteouts = opacity(directory) === "xwhiteouts";
  const root = new DirectoryInode(fs.inodes.nextId(), fs.numbers.of(stat), null, bytes("/"), upper, lower);
  root.references = 1;
  if (root.upper) readUpperMarks(root, root.upper);
  fs.inodes.addNameless(root);
  return root;
}

/** The kernel has no opaque roots; a layer of OCI may hide all below it. */
function visibleRoots(roots: readonly RealDirectory[]): readonly RealDirectory[] {
  const opaque = roots.findIndex(isMarkedOpaque);
  return opaque < 0 ? roots : roots.slice(0, opaque + 1);
}
