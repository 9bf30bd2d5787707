/** Random sequences of calls: a weighted choice of makers, each of which makes one call on paths that may exist. */
import { DEFAULT_UMASK, FILE_SLOTS, STREAM_SLOTS, USERS, type Call } from "./call.js";
import { attributeCalls } from "./generate-attributes.js";
import { dataCalls } from "./generate-data.js";
import { directoryCalls } from "./generate-directories.js";
import { mappingCalls } from "./generate-mappings.js";
import { nameCalls } from "./generate-names.js";
import type { KnownPaths } from "./names.js";
import type { Sequence } from "../harness/sequence.js";

/** What a maker of calls draws from. */
export class Draw {
  constructor(readonly chance: Sequence, readonly known: KnownPaths) {}

  below(limit: number): number { return this.chance.below(limit); }
  pick<T>(choices: readonly T[]): T { return this.chance.pick(choices); }
  /** True in one of `count` draws. */
  oneIn(count: number): boolean { return this.chance.below(count) === 0; }
  fileSlot(): { slot: number } { return { slot: this.pick(FILE_SLOTS) }; }
  streamSlot(): { slot: number } { return { slot: this.pick(STREAM_SLOTS) }; }
  offset(): number { return this.pick([0, 0, 1, 100, 4095, 4096, 8192, 60_000, 65_536, 120_000]); }
  length(): number { return this.pick([1, 10, 100, 4096, 5000, 40_000]); }
}

/** Makes one call; its weight says how often against the others. */
export interface Maker {
  readonly weight: number;
  readonly make: (draw: Draw) => Call;
}

const makers: readonly Maker[] = [...nameCalls, ...attributeCalls, ...dataCalls, ...directoryCalls, ...mappingCalls];
const total = makers.reduce((sum, maker) => sum + maker.weight, 0);

export function randomCalls(chance: Sequence, known: KnownPaths, count: number): readonly Call[] {
  const draw = new Draw(chance, known);
  return Array.from({ length: count }, () => someone(draw, choose(chance).make(draw)));
}

function choose(chance: Sequence): Maker {
  let left = chance.below(total);
  for (const maker of makers) {
    left -= maker.weight;
    if (left < 0) return maker;
  }
  throw new Error("the weights changed");
}

/** The call by root in three of five cases, else by another user; with an unusual umask at times. */
function someone(draw: Draw, call: Call): Call {
  const user = draw.below(5) < 3 ? 0 : draw.below(USERS.length);
  const umask = draw.oneIn(4) ? draw.pick([0, 0o77, 0o27, 0o777]) : DEFAULT_UMASK;
  return { ...call, ...(user === 0 ? {} : { user }), ...(umask === DEFAULT_UMASK ? {} : { umask }) };
}
