/** Calls on attributes: asking, modes, owners, times, access, extended attributes. By path or by descriptor. */
import type { Argument, Call } from "./call.js";
import type { Draw, Maker } from "./generate.js";
import { randomAcl } from "./stack.js";
import { capabilityValue } from "../harness/xattrs.js";
import { AT_FDCWD, UTIME_NOW, UTIME_OMIT, XATTR_CREATE, XATTR_REPLACE } from "../../src/sys/constants.js";

const MODES = [0o777, 0o755, 0o644, 0o600, 0o2755, 0o4755, 0o1777, 0o6777, 0] as const;
/** Not -1 twice, which the kernel's FUSE module takes for nothing to do. */
const OWNERS = [[0, 0], [1001, -1], [1001, 1001], [-1, 1001], [-1, 1002], [1002, 1003], [0, -1], [-1, 0]] as const;
const XATTRS = [
  "user.x", "user.x", "user.new", "user.empty", "trusted.y", "trusted.new", "security.z", "security.capability", "trusted.overlay.opaque",
  "trusted.overlay.x", "trusted.overlay.overlay.opaque", "user.overlay.opaque", "system.posix_acl_access", "system.posix_acl_access",
  "system.posix_acl_default", "nonsense", "user.", `user.${"n".repeat(255)}`,
] as const;

export const attributeCalls: readonly Maker[] = [
  { weight: 14, make: (draw) => ({ name: "statx", arguments: file(draw) }) },
  { weight: 8, make: (draw) => ({ name: "fchmodat", arguments: [...file(draw), draw.pick(MODES)] }) },
  { weight: 6, make: (draw) => ({ name: "fchownat", arguments: [...file(draw), ...draw.pick(OWNERS)] }) },
  { weight: 5, make: (draw) => ({ name: "utimensat", arguments: [...file(draw), ...time(draw), ...time(draw)] }) },
  { weight: 4, make: (draw) => ({ name: "faccessat", arguments: [...path(draw), draw.below(8)] }) },
  { weight: 3, make: (draw) => ({ name: "readlinkat", arguments: [...path(draw), { room: draw.pick([4096, 3]) }] }) },
  { weight: 1, make: (draw) => ({ name: "fstatfs", arguments: [draw.fileSlot()] }) },
  { weight: 6, make: (draw) => ({ name: "getxattrat", arguments: [...file(draw), name(draw), { room: draw.pick([0, 2000, 3]) }] }) },
  { weight: 4, make: (draw) => ({ name: "listxattrat", arguments: [...file(draw), { room: draw.pick([0, 4000, 4000, 5]) }] }) },
  { weight: 9, make: setXattr },
  { weight: 4, make: (draw) => ({ name: "removexattrat", arguments: [...file(draw), name(draw)] }) },
];

function path(draw: Draw): Argument[] { return [AT_FDCWD, { path: draw.known.any() }]; }

function file(draw: Draw): Argument[] { return draw.oneIn(4) ? [draw.fileSlot(), { text: "" }] : path(draw); }

/** Seconds and nanoseconds; never in the present, which stands for "now". */
function time(draw: Draw): number[] {
  return draw.pick([[0, UTIME_NOW], [0, UTIME_OMIT], [1_100_000_000 + draw.below(1000), draw.below(1_000_000_000)], [-1, 5], [4_000_000_000, 7]]);
}

function name(draw: Draw): Argument { return { text: draw.pick(XATTRS) }; }

function setXattr(draw: Draw): Call {
  const attribute = draw.pick(XATTRS);
  return { name: "setxattrat", arguments: [...file(draw), { text: attribute }, { data: value(draw, attribute) }, draw.pick([0, 0, XATTR_CREATE, XATTR_REPLACE])] };
}

function value(draw: Draw, attribute: string): string {
  if (draw.oneIn(12)) return draw.pick(["", "junk", "v".repeat(3000)]);
  if (attribute === "security.capability") return capabilityValue().toString("latin1");
  if (attribute.startsWith("system.posix_acl")) return randomAcl(draw.chance).toString("latin1");
  return draw.pick(["y", "", "a value", "\0\x01\xff"]);
}
