/**
 * How many long copies run at once on libuv's pool: so few that threads are left for those who wait in the
 * kernel until a copy is made (notifications of file data, of listings, an unmount), since else all would wait
 * for each other; and for fsyncs. On a pool too small for that no copy may run there at all.
 */

/** The threads of the pool, by libuv's own rules for its variable. */
function poolThreads(): number {
  const wanted = process.env.UV_THREADPOOL_SIZE;
  if (wanted === undefined) return 4;
  return Math.min(Math.max(Number.parseInt(wanted, 10) || 1, 1), 1024);
}

/** Two kinds of notifications, one of each at a time, and the unmount. */
const WAITING_IN_KERNEL = 3;
/** More at once only share the disk. */
const MOST = 4;

const places = Math.min(poolThreads() - WAITING_IN_KERNEL, MOST);
let free = places;
const waiting: (() => void)[] = [];

/** Whether the pool has room for long copies. */
export const mayCopyLong = places > 0;

/** Runs `copy` when its turn comes, never before this returns; for an answer that never rejects. */
export async function inTurn(copy: () => Promise<number>): Promise<number> {
  await new Promise<void>((resolve) => {
    if (free <= 0) {
      waiting.push(resolve);
      return;
    }
    free--;
    resolve();
  });
  const error = await copy();
  const next = waiting.shift();
  if (next) next();
  else free++;
  return error;
}
