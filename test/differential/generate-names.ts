/** Calls that make, remove, move and link names. */
import type { Call } from "./call.js";
import type { Draw, Maker } from "./generate.js";
import { AT_FDCWD, AT_REMOVEDIR, RENAME_EXCHANGE, RENAME_NOREPLACE, RENAME_WHITEOUT } from "../../src/sys/constants.js";
import { S_IFBLK, S_IFCHR, S_IFIFO, S_IFREG, S_IFSOCK } from "../../src/sys/stat.js";

const MODES = [0o777, 0o755, 0o644, 0o600, 0o2755, 0o4755, 0o1777, 0] as const;
const RENAME_FLAGS = [
  0, 0, 0, 0, 0, 0, RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_EXCHANGE, RENAME_WHITEOUT, RENAME_WHITEOUT | RENAME_NOREPLACE,
  RENAME_EXCHANGE | RENAME_NOREPLACE,
] as const;
/** Type, major, minor; opening these devices waits for nothing. */
const NODES = [
  [S_IFREG, 0, 0], [S_IFIFO, 0, 0], [S_IFSOCK, 0, 0], [S_IFCHR, 1, 3], [S_IFCHR, 0, 0], [S_IFCHR, 240, 1], [S_IFBLK, 240, 1],
] as const;
const TARGETS = ["a", "a/b", "../c", ".", "nowhere", "", "t".repeat(4095), "s".repeat(1000)] as const;

export const nameCalls: readonly Maker[] = [
  { weight: 8, make: mkdir },
  { weight: 5, make: mknod },
  { weight: 3, make: symlink },
  { weight: 6, make: link },
  { weight: 2, make: linkDescriptor },
  { weight: 10, make: unlink },
  { weight: 6, make: rmdir },
  { weight: 16, make: rename },
];

function mkdir(draw: Draw): Call {
  const path = draw.known.fresh();
  draw.known.add(path, true);
  return { name: "mkdirat", arguments: [AT_FDCWD, { path }, draw.pick(MODES)] };
}

function mknod(draw: Draw): Call {
  const path = draw.known.fresh();
  const [type, major, minor] = draw.pick(NODES);
  draw.known.add(path, false);
  return { name: "mknodat", arguments: [AT_FDCWD, { path }, type | draw.pick(MODES), major, minor] };
}

function symlink(draw: Draw): Call {
  const path = draw.known.fresh();
  draw.known.add(path, false);
  return { name: "symlinkat", arguments: [{ text: draw.pick(TARGETS) }, AT_FDCWD, { path }] };
}

function link(draw: Draw): Call {
  const from = draw.known.file();
  const to = draw.known.fresh();
  draw.known.add(to, false);
  return { name: "linkat", arguments: [AT_FDCWD, { path: from }, AT_FDCWD, { path: to }] };
}

/** Gives a name to a kept descriptor: an unnamed file's first, or one more. */
function linkDescriptor(draw: Draw): Call {
  const to = draw.known.fresh();
  draw.known.add(to, false);
  return { name: "linkat", arguments: [draw.fileSlot(), { text: "" }, AT_FDCWD, { path: to }] };
}

function unlink(draw: Draw): Call { return { name: "unlinkat", arguments: [AT_FDCWD, { path: draw.known.file() }, 0] }; }

function rmdir(draw: Draw): Call { return { name: "unlinkat", arguments: [AT_FDCWD, { path: draw.known.directory() }, AT_REMOVEDIR] }; }

function rename(draw: Draw): Call {
  const from = draw.known.any();
  const to = draw.oneIn(3) ? draw.known.any() : draw.known.fresh();
  const flags = draw.pick(RENAME_FLAGS);
  if (flags !== RENAME_EXCHANGE) draw.known.move(from, to);
  return { name: "renameat2", arguments: [AT_FDCWD, { path: from }, AT_FDCWD, { path: to }, flags] };
}
