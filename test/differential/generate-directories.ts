/** Calls that read directories: whole, and in pieces while they change. */
import type { Maker } from "./generate.js";
import { AT_FDCWD, O_DIRECTORY, O_RDONLY } from "../../src/sys/constants.js";

export const directoryCalls: readonly Maker[] = [
  { weight: 12, make: (draw) => ({ name: "list", arguments: [{ path: draw.known.directory() }] }) },
  { weight: 3, make: (draw) => ({ name: "openat", arguments: [AT_FDCWD, { path: draw.known.directory() }, O_RDONLY | O_DIRECTORY, 0], keep: draw.streamSlot().slot }) },
  { weight: 8, make: (draw) => ({ name: "readPiece", arguments: [draw.streamSlot(), draw.pick([300, 600, 4000])] }) },
  { weight: 1, make: (draw) => ({ name: "rewind", arguments: [draw.streamSlot()] }) },
];
