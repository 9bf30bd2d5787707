/**
 * What the requests of a mount cost, by kind: how many, and their time on this thread from when they are read to
 * when they are answered. A request that has to wait (for a long copy-up, an fsync, a listing to be dropped) is
 * also timed as a whole. It stands between the connection and `dispatch`, so a mount that is not profiled does
 * not go through it, and it allocates for a new kind and for a request that waits, but for no other.
 */
import { performance } from "node:perf_hooks";
import { DEFERRED, type Adapter, type LateAnswers, type Outcome } from "./adapter.js";
import type { Unique } from "./ids.js";
import type { Sent } from "./notify.js";
import { Opcode } from "./protocol.js";
import type { Request } from "./request.js";
import { fuse_write_in } from "./structs.js";
import { Times } from "./times.js";

/** The requests of one kind. */
export class Kind {
  requests = 0;
  errors = 0;
  /** Each time that one was served; one that waits is served in parts. */
  readonly served = new Times();
  /** Those that waited, until their answer. */
  readonly waited = new Times();

  constructor(readonly opcode: number) {}
}

interface Waiting {
  readonly kind: Kind;
  readonly since: number;
}

/** Serves a request, as `dispatch` does. */
export type Serve = (adapter: Adapter, request: Request) => Outcome;

export class Profile implements LateAnswers {
  readonly #clock: () => number;
  readonly #kinds: (Kind | undefined)[] = [];
  readonly #waiting = new Map<Unique, Waiting>();
  readonly #sent: Sent;
  readonly #sentBefore: Sent;
  readonly #started: number;
  readonly #cpuBefore = process.cpuUsage();
  #held = 0;
  bytesRead = 0;
  bytesWritten = 0;

  /** `sent` is what the notifier counts; `clock` gives milliseconds. */
  constructor(sent: Sent, clock: () => number = () => performance.now()) {
    this.#clock = clock;
    this.#sent = sent;
    this.#sentBefore = { ...sent };
    this.#started = clock();
  }

  /** Has `serve` serve a request, and counts it. */
  serve(serve: Serve, adapter: Adapter, request: Request): Outcome {
    const { opcode, unique } = request;
    const kind = this.#kinds[opcode] ??= new Kind(opcode);
    const held = this.#held;
    const start = this.#clock();
    const outcome = serve(adapter, request);
    kind.served.record((this.#clock() - start) * 1000);
    const waits = this.#held !== held || (outcome === DEFERRED && isAnswered(opcode));
    if (!this.#hasWaited(unique)) {
      kind.requests += 1;
      if (waits) this.#waiting.set(unique, { kind, since: start });
      else if (isError(outcome)) kind.errors += 1;
    } else if (!waits) {
      this.answered(unique, outcome);
    }
    if (outcome >= 0) this.#countData(request, outcome);
    return outcome;
  }

  #hasWaited(unique: Unique): boolean { return this.#waiting.size > 0 && this.#waiting.has(unique); }

  #countData(request: Request, outcome: Outcome): void {
    if (request.opcode === Opcode.READ) this.bytesRead += outcome;
    else if (request.opcode === Opcode.WRITE) this.bytesWritten += request.u32(fuse_write_in.size);
  }

  /** The request that is being served has its answer, which is not sent yet. */
  held(): void {
    this.#held += 1;
  }

  /** A request that waited has been answered. */
  answered(unique: Unique, outcome: Outcome): void {
    const waiting = this.#waiting.get(unique);
    if (waiting === undefined) return;
    this.#waiting.delete(unique);
    waiting.kind.waited.record((this.#clock() - waiting.since) * 1000);
    if (isError(outcome)) waiting.kind.errors += 1;
  }

  /** Those that there were, the costliest first. */
  kinds(): Kind[] {
    return this.#kinds.filter((kind) => kind !== undefined).sort((one, other) => other.served.total - one.served.total);
  }

  /** Requests that wait now. */
  get waiting(): number { return this.#waiting.size; }

  /** Milliseconds since the profile began. */
  get duration(): number { return this.#clock() - this.#started; }

  /** Of this process in that time, in microseconds. */
  get cpu(): NodeJS.CpuUsage { return process.cpuUsage(this.#cpuBefore); }

  get notifications(): Sent {
    const { attributes, data, listings, names } = this.#sentBefore;
    return {
      attributes: this.#sent.attributes - attributes, data: this.#sent.data - data, listings: this.#sent.listings - listings,
      names: this.#sent.names - names,
    };
  }
}

function isError(outcome: Outcome): boolean { return outcome < 0 && outcome !== DEFERRED; }

/** The others never are. */
function isAnswered(opcode: number): boolean {
  return opcode !== Opcode.FORGET && opcode !== Opcode.BATCH_FORGET && opcode !== Opcode.INTERRUPT;
}
