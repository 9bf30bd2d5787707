/** Calls on the data of files: opening with all flags, and what is done with descriptors that are kept. */
import type { Call } from "./call.js";
import type { Draw, Maker } from "./generate.js";
import {
  AT_FDCWD, O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOATIME, O_NOFOLLOW, O_NONBLOCK, O_PATH, O_RDONLY, O_RDWR, O_TMPFILE, O_TRUNC, O_WRONLY,
  SEEK_DATA,
} from "../../src/sys/constants.js";
import { native } from "../../src/sys/native.js";

const SEEK_HOLE = native.constants.SEEK_HOLE!;
const KEEP_SIZE = native.constants.FALLOC_FL_KEEP_SIZE!;
const PUNCH_HOLE = native.constants.FALLOC_FL_PUNCH_HOLE!;
const FALLOCATE_MODES = [0, 0, KEEP_SIZE, PUNCH_HOLE | KEEP_SIZE, PUNCH_HOLE] as const;
const MODES = [0o644, 0o666, 0o600, 0o755, 0o4755, 0o2755, 0] as const;
const EXTRA_FLAGS = [
  0, 0, 0, 0, O_CREAT, O_CREAT, O_CREAT | O_EXCL, O_TRUNC, O_CREAT | O_TRUNC, O_APPEND, O_CREAT | O_APPEND, O_NOFOLLOW, O_DIRECTORY, O_NOATIME,
  O_PATH, O_CREAT | O_DIRECTORY,
] as const;

export const dataCalls: readonly Maker[] = [
  { weight: 26, make: open },
  { weight: 4, make: unnamed },
  { weight: 2, make: (draw) => ({ name: "close", arguments: [draw.fileSlot()] }) },
  { weight: 10, make: (draw) => ({ name: "pread", arguments: [draw.fileSlot(), { room: 6000 }, 0, draw.pick([10, 6000]), draw.offset()] }) },
  { weight: 12, make: write },
  { weight: 5, make: (draw) => ({ name: "ftruncate", arguments: [draw.fileSlot(), draw.pick([0, 1, 50, 4096, 5000, 66_000])] }) },
  { weight: 4, make: (draw) => ({ name: "fallocate", arguments: [draw.fileSlot(), draw.pick(FALLOCATE_MODES), draw.offset(), draw.length()] }) },
  { weight: 4, make: (draw) => ({ name: "seek", arguments: [draw.fileSlot(), draw.offset(), draw.pick([SEEK_DATA, SEEK_HOLE])] }) },
  { weight: 3, make: (draw) => ({ name: "copyFileRange", arguments: [draw.fileSlot(), draw.offset(), draw.fileSlot(), draw.offset(), draw.length()] }) },
  { weight: 2, make: (draw) => ({ name: draw.pick(["fsync", "fdatasync"]), arguments: [draw.fileSlot()] }) },
  { weight: 8, make: (draw) => ({ name: "readWhole", arguments: [{ path: draw.known.file() }] }) },
];

function open(draw: Draw): Call {
  const extra = draw.pick(EXTRA_FLAGS);
  const path = (extra & O_CREAT) !== 0 && draw.oneIn(2) ? draw.known.fresh() : draw.known.any();
  if ((extra & O_CREAT) !== 0) draw.known.add(path, false);
  const flags = draw.pick([O_RDONLY, O_RDONLY, O_WRONLY, O_RDWR, O_RDWR]) | extra | O_NONBLOCK;
  return { name: "openat", arguments: [AT_FDCWD, { path }, flags, draw.pick(MODES)], keep: draw.fileSlot().slot };
}

function unnamed(draw: Draw): Call {
  const flags = O_TMPFILE | draw.pick([O_RDWR, O_RDWR, O_WRONLY, O_RDONLY]) | draw.pick([0, 0, O_EXCL]);
  return { name: "openat", arguments: [AT_FDCWD, { path: draw.known.directory() }, flags, draw.pick(MODES)], keep: draw.fileSlot().slot };
}

function write(draw: Draw): Call {
  const text = `${draw.below(1000)};`;
  const data = text.repeat(draw.pick([1, 1, 20, 1500]));
  return { name: "pwrite", arguments: [draw.fileSlot(), { data }, 0, data.length, draw.offset()] };
}
