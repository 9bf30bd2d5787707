/**
 * Durations as a histogram: eight steps to each power of two, so that a percentile is told to about 6%, in a
 * fixed array, so that recording one allocates nothing. What is beyond four minutes is in the last step.
 */

/** A unit is an eighth of a microsecond. */
const UNITS = 8;
const STEPS = 8;
const STEP_BITS = 3;
const MOST_UNITS = 2 ** 31 - 1;
const BUCKETS = (31 - STEP_BITS + 1) * STEPS;

export class Times {
  readonly #buckets = new Uint32Array(BUCKETS);
  count = 0;
  /** In microseconds, as `max`. */
  total = 0;
  max = 0;

  record(microseconds: number): void {
    this.count += 1;
    this.total += microseconds;
    if (microseconds > this.max) this.max = microseconds;
    this.#buckets[bucketOf(Math.min(Math.floor(microseconds * UNITS), MOST_UNITS))]! += 1;
  }

  get mean(): number { return this.count === 0 ? 0 : this.total / this.count; }

  /** The time that `share` (0 to 1) of all took at most, in microseconds, to the middle of its step. */
  percentile(share: number): number {
    const wanted = Math.ceil(share * this.count);
    let passed = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      passed += this.#buckets[bucket]!;
      if (passed >= wanted && passed > 0) return Math.min(middleOf(bucket) / UNITS, this.max);
    }
    return 0;
  }
}

/** The first steps are one unit wide; from then on the width doubles every STEPS. */
function bucketOf(units: number): number {
  const shift = Math.max(31 - Math.clz32(units) - STEP_BITS, 0);
  return shift * STEPS + (units >> shift);
}

function middleOf(bucket: number): number {
  const shift = Math.max(Math.floor(bucket / STEPS) - 1, 0);
  return (bucket - shift * STEPS + 0.5) * 2 ** shift;
}
