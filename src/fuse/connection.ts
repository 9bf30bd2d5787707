/**
 * The connection to the kernel: /dev/fuse, watched in Node's event loop. From one request to the next it is waited for
 * directly, as long as the loop has nothing else to do: a turn of the loop costs more than most requests.
 * It ends when the kernel says that the file system is unmounted.
 */
import { write } from "node:fs";
import { bytes } from "../sys/bytes.js";
import { AT_FDCWD, O_NONBLOCK, O_RDWR } from "../sys/constants.js";
import { E, errnoName } from "../sys/errno.js";
import { native } from "../sys/native.js";
import type { MountLog } from "../transport.js";
import { IdleLatency } from "./idle-latency.js";
import { MAX_WRITE } from "./init.js";
import type { Lane, NotifyingDevice } from "./notify.js";
import { Request } from "./request.js";

/** fuse_in_header, the operation's structure and the extensions have room in this. */
const HEADER_ROOM = 4096;

/**
 * After so many requests in a row the event loop gets its turn: signals, timers, copies and writebacks that are through.
 * A WRITE and an answer to READ count as one for each so many bytes besides, which take as long: 4 MiB are a turn too.
 */
const LOOP_TURN = 128;
const BYTES_AS_LONG = 32 * 1024;

/** After so many tries in a row that found no next request right behind an answer it is waited for without trying. */
const VAIN_TRIES = 2;
/** One time in so many it is tried then all the same. */
const TRY_EVERY = 16;

export class Connection implements NotifyingDevice {
  readonly #request = new Request(MAX_WRITE + HEADER_ROOM, true);
  readonly #log: MountLog;
  /** Opened before the mount may cover the paths that it needs. */
  readonly #idleLatency = IdleLatency.open();
  #watch: object | null = null;
  /** Tries since the next request was last there as soon as one was answered: of several clients, or of one on this very processor. */
  #vainTries = 0;
  #untried = 0;
  /** Served since the event loop had its turn, as LOOP_TURN counts. */
  #sinceTurn = 0;
  /** The last write off the thread in each lane; each waits for the one before. */
  readonly #offThread: Record<Lane, Promise<void>> = { files: Promise.resolve(), listings: Promise.resolve() };
  #serve: (request: Request) => void = () => undefined;
  #ended: () => void = () => undefined;
  /** Settles when the file system is unmounted. */
  readonly done: Promise<void>;

  private constructor(readonly fd: number, log: MountLog) {
    this.#log = log;
    this.done = new Promise((resolve) => { this.#ended = resolve; });
  }

  /** Opens /dev/fuse; or a negated errno. */
  static open(log: MountLog): Connection | number {
    const fd = native.openat(AT_FDCWD, bytes("/dev/fuse"), O_RDWR | O_NONBLOCK, 0);
    return fd < 0 ? fd : new Connection(fd, log);
  }

  /** Takes over a descriptor that fusermount3 opened and mounted. */
  static adopt(fd: number, log: MountLog): Connection {
    native.setNonblocking(fd);
    return new Connection(fd, log);
  }

  /** Serves requests from now on. */
  start(serve: (request: Request) => void): void {
    this.#serve = serve;
    this.#watch = native.pollStart(this.fd, (status) => {
      this.#idleLatency.wakes(performance.now());
      // After an unmount polling fails too; only a read tells why.
      const served = this.#drain();
      this.#idleLatency.sleeps(performance.now(), served);
      if (status < 0 && this.#watch !== null) this.#end(status);
      if (served > 0 && this.#sinceTurn < LOOP_TURN) return true;
      this.#sinceTurn = 0;
      return false;
    });
  }

  /** Serves what is there; how many requests that were. */
  #drain(): number {
    let served = 0;
    let tries = false;
    while (this.#sinceTurn < LOOP_TURN) {
      const found = this.#serveNext();
      if (tries) this.#vainTries = found ? 0 : this.#vainTries + 1;
      if (!found) break;
      served++;
      tries = this.#vainTries < VAIN_TRIES || ++this.#untried % TRY_EVERY === 0;
      if (!tries) break;
    }
    return served;
  }

  /** Serves a request, if there is one. */
  #serveNext(): boolean {
    const request = this.#request;
    let length = native.read(this.fd, request.buffer);
    // ENOENT: the request was taken back while it was being read.
    while (length === -E.EINTR || length === -E.ENOENT) length = native.read(this.fd, request.buffer);
    if (length === -E.EAGAIN) return false;
    if (length < 0) {
      this.#end(length);
      return false;
    }
    request.length = length;
    this.#sinceTurn += 1 + Math.floor(length / BYTES_AS_LONG);
    this.#serve(request);
    return true;
  }

  #end(error: number): void {
    // ENODEV: unmounted; ECONNABORTED: so by force (FUSE_ABORT_ERROR).
    if (error !== -E.ENODEV && error !== -E.ECONNABORTED) this.#log.warn(`reading /dev/fuse failed: ${errnoName(error)}`);
    this.close();
  }

  /**
   * Gives the descriptor back, which ends the connection if it is still mounted. What is written from then on
   * is dropped: the number may be that of another file by now.
   */
  close(): void {
    if (this.#watch === null) return;
    native.pollStop(this.#watch);
    this.#watch = null;
    this.#idleLatency.close();
    this.#ended();
    void Promise.all(Object.values(this.#offThread)).then(() => native.close(this.fd));
  }

  /** In a turn of the event loop of its own, since none of the requests that are there may follow by itself. */
  whenCaughtUp(callback: () => void): void {
    setImmediate(() => {
      let served = 0;
      while (this.#watch !== null && served < LOOP_TURN && this.#serveNext()) served++;
      if (this.#watch !== null) callback();
    });
  }

  write(buffer: Uint8Array, length: number): number {
    this.#sinceTurn += Math.floor(length / BYTES_AS_LONG);
    return this.#watch === null ? -E.ENODEV : native.write(this.fd, buffer, length);
  }

  /**
   * One at a time in each lane: a write may wait for WRITEs to be answered, and these for a copy-up, which needs a
   * thread of the same small pool.
   */
  writeOffThread(buffer: Uint8Array, lane: Lane): Promise<void> {
    this.#offThread[lane] = this.#offThread[lane].then(() => this.#writeInPool(buffer));
    return this.#offThread[lane];
  }

  #writeInPool(buffer: Uint8Array): Promise<void> {
    if (this.#watch === null) return Promise.resolve();
    return new Promise((resolve) => {
      // An error is ENOENT at most: the kernel does not know the inode any more.
      write(this.fd, buffer, () => resolve());
    });
  }
}
