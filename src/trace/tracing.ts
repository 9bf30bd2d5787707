/**
 * The daemon's side of traces: listens to the engine while anybody wants to know, and tells them all. Whoever traces is
 * connected to at a socket of theirs, so a mount that nobody traces has nothing open. Nothing here may throw into the
 * engine, or wait for a reader.
 */
import { createWriteStream, promises as fs } from "node:fs";
import type { Socket } from "node:net";
import type { Engine } from "../engine/engine.js";
import type { OverlayEvent } from "../engine/events.js";
import { toBuffer, type Bytes } from "../sys/bytes.js";
import { E } from "../sys/errno.js";
import type { MountLog, Tracer } from "../transport.js";
import { Sink } from "./sink.js";
import { encodeMessage, type TraceEvent } from "./trace-event.js";
import { eventLine, timedLine } from "./words.js";

const MOST_TRACERS = 16;

/** Milliseconds that readers have for the rest, once the mount is gone. */
const PATIENCE = 500;

/** What tells somebody of an event. */
type Teller = Pick<Sink, "tell">;

export class Tracing implements Tracer {
  servedFor: () => number = () => 0;
  readonly #engine: Engine;
  readonly #log: MountLog;
  readonly #mountpoint: Bytes;
  readonly #tellers = new Set<Teller>();
  readonly #sockets = new Set<Sink>();
  readonly #files: Sink[] = [];
  #connecting = 0;

  constructor(engine: Engine, log: MountLog, mountpoint: Bytes) {
    this.#engine = engine;
    this.#log = log;
    this.#mountpoint = mountpoint;
  }

  /** Tells an open file of all that happens from now on. */
  toFile(fd: number): void {
    const stream = createWriteStream("", { fd });
    stream.on("error", (error) => this.#log.warn(`the trace can't be written: ${error.message}`, "trace-file"));
    const sink = new Sink(stream, (event) => `${timedLine(event)}\n`);
    this.#files.push(sink);
    this.#add(sink);
  }

  toLog(): void {
    this.#add({ tell: (event) => this.#log.info(eventLine(event)) });
  }

  start(path: Bytes): number {
    if (!path.startsWith("/")) return -E.ENODATA;
    if (this.#sockets.size + this.#connecting >= MOST_TRACERS) return -E.EBUSY;
    this.#connecting++;
    void this.#connect(path)
      .catch((error: unknown) => this.#log.warn(`a trace can't be sent: ${error instanceof Error ? error.message : String(error)}`, "trace-socket"))
      .finally(() => { this.#connecting--; });
    return 0;
  }

  /** The mount is gone: everybody is told so. */
  async end(): Promise<void> {
    this.#engine.onEvent = null;
    const last = encodeMessage({ kind: "end" });
    await Promise.all([...[...this.#sockets].map((sink) => sink.end(last, PATIENCE)), ...this.#files.map((sink) => sink.end("", PATIENCE))]);
  }

  async #connect(path: Bytes): Promise<void> {
    await this.#refuseOwn(path);
    const { connect } = await import("node:net");
    const socket = connect({ path: toBuffer(path).toString() });
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.once("connect", () => resolve());
    });
    this.#serve(socket);
  }

  #serve(socket: Socket): void {
    const sink = new Sink(socket, encodeMessage);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#sockets.delete(sink);
      this.#remove(sink);
    });
    // Nothing is ever sent to us; reading tells when the other end has gone.
    socket.resume();
    sink.write(encodeMessage({ kind: "start" }));
    this.#sockets.add(sink);
    this.#add(sink);
  }

  /**
   * Connecting walks the path on this thread, so no part of it may lie in the mount, which this thread serves. Here it is
   * walked on another one.
   */
  async #refuseOwn(path: Bytes): Promise<void> {
    const { dev } = await fs.stat(toBuffer(this.#mountpoint));
    for (let end = path.indexOf("/", 1); end >= 0; end = path.indexOf("/", end + 1)) {
      const part = await fs.lstat(toBuffer(path.slice(0, end) as Bytes));
      if (part.dev === dev || !part.isDirectory()) throw new Error("its socket has to be reached without symlinks, and outside of the mount");
    }
  }

  #add(teller: Teller): void {
    this.#tellers.add(teller);
    this.#engine.onEvent = (event) => this.#tell(event);
  }

  #remove(teller: Teller): void {
    this.#tellers.delete(teller);
    if (this.#tellers.size === 0) this.#engine.onEvent = null;
  }

  #tell(event: OverlayEvent): void {
    try {
      const stamped: TraceEvent = { time: Date.now(), pid: this.servedFor(), ...event };
      for (const teller of this.#tellers) teller.tell(stamped);
    } catch (error) {
      this.#log.warn(`an event can't be told: ${error instanceof Error ? error.message : String(error)}`, "trace");
    }
  }
}
