/** Figures out of samples. */

export function median(samples: readonly number[]): number {
  if (samples.length === 0) throw new Error("a median needs a sample");
  const sorted = samples.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** `items` starting with the one at `round`, so that over the rounds each is measured in each place. */
export function rotated<Item>(items: readonly Item[], round: number): Item[] {
  const first = items.length === 0 ? 0 : round % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}
