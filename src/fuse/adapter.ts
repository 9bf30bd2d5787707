/**
 * One mount's state, which every operation gets: the engine, the reply buffer, what INIT settled, who waits.
 * An operation answers by writing into `reply` and returning an outcome; it never sends anything itself.
 */
import type { Engine } from "../engine/engine.js";
import type { Inode } from "../engine/inode.js";
import type { AttrChange, Log } from "../engine/types.js";
import { E } from "../sys/errno.js";
import { Stat } from "../sys/stat.js";
import type { Tracer } from "../transport.js";
import type { VirtualXattrs } from "../virtual-xattrs.js";
import { Drops } from "./drops.js";
import type { Unique } from "./ids.js";
import { MAX_WRITE } from "./init.js";
import { Notifier, type NotifyingDevice } from "./notify.js";
import { Parking } from "./parking.js";
import { Passthrough, type BackingDevice } from "./passthrough.js";
import { Reply } from "./reply.js";
import type { Request } from "./request.js";
import { SyncedBlocks } from "./synced-blocks.js";

/**
 * What becomes of a request: the bytes written behind the reply's header, a negated errno, or DEFERRED.
 */
export type Outcome = number;

/** No answer now: there never is one (FORGET), or it comes later. No errno: those end at 4095. */
export const DEFERRED = -4096;

/** Whether what `request` found no room for may have some once all that is there has been served. */
export function mayFindRoom(request: Request, outcome: Outcome): boolean {
  return (outcome === -E.ENOSPC || outcome === -E.EDQUOT) && !request.isCaughtUp;
}

/** Milliseconds in which somebody who waits for a copy and is killed is let go. */
const INTERRUPT_PAUSE = 50;

/** Who wants to know of answers that come after their request was served. */
export interface LateAnswers {
  /** That to the request being served will be one. */
  held(): void;
  answered(unique: Unique, outcome: Outcome): void;
}

export interface AdapterOptions {
  readonly engine: Engine;
  readonly device: NotifyingDevice;
  readonly log: Log;
  /** Opens are to be told, and one for writing copies up. */
  readonly copyUpAtOpen: boolean;
  /** Seconds for which the kernel may keep what it is told. */
  readonly lifetime: number;
  /** Where the data of opens is to be passed through, if it is. */
  readonly backing: BackingDevice | null;
  /** What the mount tells of itself, if it does. */
  readonly virtualXattrs: VirtualXattrs | null;
  readonly tracer: Tracer;
  /** Serves a request from the start; for those that waited. */
  readonly repeat: (adapter: Adapter, request: Request) => void;
  /** INIT was decided upon: null, or why the kernel cannot be served. */
  readonly initialized: (refusal: string | null) => void;
}

export class Adapter {
  readonly engine: Engine;
  readonly log: Log;
  readonly copyUpAtOpen: boolean;
  /** Seconds for which the kernel may keep names and attributes. */
  readonly lifetime: number;
  readonly passthrough: Passthrough | null;
  readonly virtualXattrs: VirtualXattrs | null;
  readonly tracer: Tracer;
  readonly reply: Reply;
  readonly notifier: Notifier;
  readonly drops: Drops;
  readonly parking: Parking;
  readonly initialized: (refusal: string | null) => void;
  /** For the attributes of the request that is being served. */
  readonly stat = new Stat();
  readonly syncedBlocks = new SyncedBlocks();
  /** FUSE_WRITEBACK_CACHE is in force: the kernel may hold data that it has not written yet. */
  writebackCache = false;
  /** FUSE_SETXATTR_EXT is in force. */
  setxattrExtended = false;
  lateAnswers: LateAnswers | null = null;
  /** Inodes that the kernel has forgotten, each time that it did. */
  forgotten = 0;
  readonly #device: NotifyingDevice;
  readonly #repeat: (request: Request) => void;
  #ended = false;

  constructor(options: AdapterOptions) {
    this.engine = options.engine;
    this.log = options.log;
    this.passthrough = options.backing && new Passthrough(options.engine, options.backing);
    this.copyUpAtOpen = options.copyUpAtOpen || this.passthrough !== null;
    this.virtualXattrs = options.virtualXattrs;
    this.lifetime = options.lifetime;
    this.tracer = options.tracer;
    this.reply = new Reply(options.device, MAX_WRITE);
    this.notifier = new Notifier(options.device);
    this.drops = new Drops(this.notifier);
    this.#device = options.device;
    this.#repeat = (request) => {
      if (!this.#ended) options.repeat(this, request);
    };
    this.parking = new Parking(this.#repeat);
    this.initialized = options.initialized;
  }

  /**
   * Whether `request`, which is to change `inode`, has to wait for the data of a long copy-up. If so it is
   * parked and served again later; the caller returns DEFERRED. Ask before anything is changed. Nobody waits
   * twice for one inode: what became of the copy-up is for the engine to say then.
   */
  mustWait(request: Request, inode: Inode, change?: AttrChange): boolean {
    if (request.waitedFor.includes(inode.id)) return false;
    if (this.mustQueue(request, inode)) return true;
    const staging = this.engine.stage(inode, change);
    if (staging === null) return false;
    this.parking.open(inode, staging, request);
    return true;
  }

  /** Whether `request` has to wait behind others that wait for `inode`; then it is parked. */
  mustQueue(request: Request, inode: Inode): boolean {
    if (!this.parking.isOpen(inode) || request.waitedFor.includes(inode.id)) return false;
    this.parking.join(inode, request);
    return true;
  }

  /** Sends the answer to the request that was served; where something is being dropped before that, then. */
  answer(unique: Unique, outcome: number): void {
    const dropped = this.drops.awaited();
    if (dropped === null) {
      this.reply.send(unique, outcome);
      return;
    }
    this.lateAnswers?.held();
    const message = this.reply.keep(unique, outcome);
    void dropped.then(() => {
      this.reply.sendKept(message);
      this.lateAnswers?.answered(unique, outcome);
    });
  }

  /** Sends the answer to a request once `result`, which is 0 or a negated errno, is known. */
  answerLater(unique: Unique, result: Promise<number>): void {
    result.then((outcome) => this.answerLate(unique, outcome), () => this.answerLate(unique, -E.EIO));
  }

  /** Sends the answer, which has no bytes of its own, to a request that waited. */
  answerLate(unique: Unique, outcome: number): void {
    this.reply.send(unique, outcome);
    this.lateAnswers?.answered(unique, outcome);
  }

  /** Has the kernel write back what it holds of a file from `offset` on, then serves `request` from the start. */
  repeatFlushed(request: Request, inode: Inode, offset: number): void {
    const kept = request.keep();
    kept.isFlushed = true;
    const repeat = (): void => this.#repeat(kept);
    this.notifier.dropData(inode, offset).then(repeat, repeat);
  }

  /** Serves `request` once more when the requests that are there have been served. */
  repeatCaughtUp(request: Request): void {
    this.#repeatCaughtUp(request.keep(), () => undefined);
  }

  /**
   * The same for one that has found no room, when there is as much as there can be. A FORGET, which gives the space of a
   * deleted file back, may come behind up to eight requests that were made after it (fuse_dev_do_read in fs/fuse/dev.c).
   */
  repeatWithRoom(request: Request): void {
    const kept = request.keep();
    const { forgotten } = this;
    void this.engine.freeRoom().then((isMore) => {
      this.#repeatCaughtUp(kept, () => {
        // A long copy-up begins anew, where it may find more than before.
        if (isMore || this.forgotten !== forgotten) kept.waitedFor.length = 0;
      });
    });
  }

  #repeatCaughtUp(kept: Request, prepare: () => void): void {
    kept.isCaughtUp = true;
    this.#device.whenCaughtUp(() => {
      prepare();
      this.#repeat(kept);
    });
  }

  /** Has the kernel send an INTERRUPT once more, in a while (fuse_dev_do_write in fs/fuse/dev.c). */
  interruptAgain(unique: Unique): void {
    setTimeout(() => {
      if (!this.#ended) this.reply.send(unique, -E.EAGAIN);
    }, INTERRUPT_PAUSE).unref();
  }

  /** The file system is unmounted: the engine must not be asked any more. */
  get hasEnded(): boolean { return this.#ended; }

  /** The file system is unmounted: whoever waits has been answered by the kernel, and the engine may be closed. */
  end(): void {
    this.#ended = true;
  }
}
