/** What a run has of each side, and what it finds. */
import type { Call } from "./call.js";
import type { MountPlan } from "./mounts.js";
import type { Side } from "./side.js";
import type { Snapshot } from "../harness/snapshot.js";

export interface Half {
  readonly side: Side;
  readonly plan: MountPlan;
  readonly lowersBefore: readonly Snapshot[];
}

export interface Difference {
  /** In what it shows: "call", "merged", "upper", … */
  readonly stage: string;
  /** Index of the call, where it is one. */
  readonly index?: number;
  readonly call?: Call;
  readonly lines: readonly string[];
}
