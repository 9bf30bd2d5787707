/**
 * The shortest edit script between two sequences: which items are kept, all others being deleted or inserted. By
 * E. W. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986); where the two differ too much for its memory
 * the rest is taken as replaced, which is a longer script and still a right one.
 */

/** Differences up to which the shortest script is looked for: the memory grows with its square. */
const DIFFERENCES_MAX = 3000;

/** Pairs of positions of the items that both have, in order. */
export type Kept = readonly (readonly [a: number, b: number])[];

export function keptItems(a: Int32Array, b: Int32Array): Kept {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const kept: (readonly [number, number])[] = [];
  for (let i = 0; i < start; i++) kept.push([i, i]);
  for (const [i, j] of middle(a.subarray(start, a.length - end), b.subarray(start, b.length - end))) kept.push([start + i, start + j]);
  for (let i = end; i > 0; i--) kept.push([a.length - i, b.length - i]);
  return kept;
}

/** By the greedy algorithm: `reach[k]` is how far the paths with `d` differences come on diagonal `k`. */
function middle(a: Int32Array, b: Int32Array): Kept {
  if (a.length === 0 || b.length === 0) return [];
  const limit = Math.min(a.length + b.length, DIFFERENCES_MAX);
  const reach = new Int32Array(2 * limit + 3);
  const at = (k: number): number => k + limit + 1;
  const rounds: Int32Array[] = [];
  for (let d = 0; d <= limit; d++) {
    rounds.push(reach.slice(at(-d) - 1, at(d) + 2));
    for (let k = -d; k <= d; k += 2) {
      const isDown = k === -d || (k !== d && reach[at(k - 1)]! < reach[at(k + 1)]!);
      let x = isDown ? reach[at(k + 1)]! : reach[at(k - 1)]! + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      reach[at(k)] = x;
      if (x >= a.length && x - k >= b.length) return backtrack(rounds, a.length, b.length);
    }
  }
  return [];
}

/** Goes the way back that led to the end; `rounds[d]` holds diagonals -d-1 to d+1 before round d. */
function backtrack(rounds: readonly Int32Array[], length: number, other: number): Kept {
  const kept: (readonly [number, number])[] = [];
  let x = length;
  let y = other;
  for (let d = rounds.length - 1; d >= 0; d--) {
    const reach = rounds[d]!;
    const at = (k: number): number => k + d + 1;
    const k = x - y;
    const isDown = k === -d || (k !== d && reach[at(k - 1)]! < reach[at(k + 1)]!);
    const from = isDown ? k + 1 : k - 1;
    const startX = d === 0 ? 0 : reach[at(from)]!;
    const stepX = d === 0 || isDown ? startX : startX + 1;
    while (x > stepX) kept.push([--x, --y]);
    x = startX;
    y = startX - from;
  }
  return kept.reverse();
}
