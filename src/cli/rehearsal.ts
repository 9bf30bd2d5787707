/**
 * Once a mount has answered, its first requests are rehearsed (src/fuse/rehearsal.ts) by an engine over a tmpfs that is
 * mounted nowhere: it is known by its descriptor alone and gone with that, whatever becomes of this process. Where one
 * can't be had, which takes the right to mount, the first requests take somewhat longer.
 */
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { Engine } from "../engine/engine.js";
import type { OverlayOptions } from "../engine/options.js";
import { LONG_COPY } from "../engine/staging.js";
import { rehearse, REHEARSED } from "../fuse/rehearsal.js";
import { bytes } from "../sys/bytes.js";
import { E } from "../sys/errno.js";
import { native } from "../sys/native.js";

/** Milliseconds in which whoever has waited for the mount has its first answers. */
const DELAY = 30;

/** So many inodes are known to whoever has more to do than to look at the mount. */
const INODES_IN_USE = 16;

/**
 * With the options of the mount, but for its layers, until `served`, the mount's engine, is put to use. The opcodes of what
 * was answered with an error, or null where it came to nothing.
 */
export async function rehearseFirstRequests(
  served: Pick<Engine, "inodeCount">, options: Partial<OverlayOptions>, copyUpAtOpen: boolean,
): Promise<number[] | null> {
  const isNeeded = (): boolean => served.inodeCount < INODES_IN_USE;
  await setTimeout(DELAY, undefined, { ref: false });
  const fd = isNeeded() ? tmpfs() : -E.ECANCELED;
  if (fd < 0) return null;
  try {
    const engine = Engine.open({ ...options, ...layersIn(`/proc/self/fd/${fd}`) }, { warn: () => undefined });
    try {
      return await rehearse(engine, copyUpAtOpen, isNeeded);
    } finally {
      engine.close();
    }
  } catch {
    return null;
  } finally {
    native.close(fd);
  }
}

/** The descriptor of a new one, or a negated errno. */
function tmpfs(): number {
  const context = native.fsopen(bytes("tmpfs"));
  if (context < 0) return context;
  const created = native.fsconfigCreate(context);
  const fd = created < 0 ? created : native.fsmount(context);
  native.close(context);
  return fd;
}

function layersIn(place: string): Pick<OverlayOptions, "lower" | "upper" | "work"> {
  for (const name of ["lower", "upper", "work"]) mkdirSync(`${place}/${name}`);
  for (const name of Object.values(REHEARSED).flat()) writeFileSync(`${place}/lower/${name}`, name);
  for (const name of REHEARSED.long) truncateSync(`${place}/lower/${name}`, LONG_COPY);
  return { lower: [bytes(`${place}/lower`)], upper: bytes(`${place}/upper`), work: bytes(`${place}/work`) };
}
