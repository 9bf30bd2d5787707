/**
 * Keeps idle processors of a small virtual machine from halting while clients follow on each answer with the next
 * request. A round trip is then two processes that wake each other up in turn; to wake a processor that has halted
 * takes the hypervisor, and several times as long as the request itself. Asked of the kernel by /dev/cpu_dma_latency
 * (its document power/pm_qos_interface), which ends with the descriptor: whatever becomes of this process, the
 * machine idles as before. Where only root may open that, others do without.
 */
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { bytes } from "../sys/bytes.js";
import { AT_FDCWD, O_RDWR } from "../sys/constants.js";
import { native } from "../sys/native.js";

/** Idling in the guest before it halts is what this driver is for; others know idle states that are quick to leave. */
const DRIVER = "haltpoll";
const DRIVER_FILE = "/sys/devices/system/cpu/cpuidle/current_driver";

/** All idle processors of the machine are kept awake, so there may not be more than these. */
const MOST_PROCESSORS = 4;

/** Microseconds that waking up may take, as the device reads them: int32 in host order. */
const NONE = new Uint8Array(new Int32Array([0]).buffer);
/** PM_QOS_DEFAULT_VALUE. */
const ANY = new Uint8Array(new Int32Array([-1]).buffer);

/** Milliseconds: what comes after so short a sleep is a client's next request, being woken up included. */
const SOON = 0.25;
/** So many of them in a row keep the processors awake. */
const RUN = 4;

/** Milliseconds after which it is seen whether that still pays: fewer requests than these in them, and it ends. */
const PERIOD = 20;
const FEWEST = 20;

export class IdleLatency {
  #run = 0;
  #sleepsSince = 0;
  #requests = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `device` is a descriptor of /dev/cpu_dma_latency, or negative: then nothing is ever done. */
  constructor(readonly device: number) {}

  /** For this machine. */
  static open(): IdleLatency {
    const wanted = cpus().length <= MOST_PROCESSORS && driver() === DRIVER;
    return new IdleLatency(wanted ? native.openat(AT_FDCWD, bytes("/dev/cpu_dma_latency"), O_RDWR, 0) : -1);
  }

  get isKeptAwake(): boolean { return this.#timer !== undefined; }

  /** After `served` requests no other is there; `now` is of performance.now(), as below. */
  sleeps(now: number, served: number): void {
    this.#requests += served;
    this.#sleepsSince = now;
  }

  /** A request came while none was there. */
  wakes(now: number): void {
    if (this.device < 0 || this.isKeptAwake) return;
    this.#run = now - this.#sleepsSince < SOON ? this.#run + 1 : 0;
    if (this.#run >= RUN) this.#keepAwake();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.device >= 0) native.close(this.device);
  }

  #keepAwake(): void {
    native.write(this.device, NONE, NONE.length);
    this.#requests = 0;
    this.#timer = setInterval(() => this.#review(), PERIOD).unref();
  }

  #review(): void {
    if (this.#requests < FEWEST) {
      native.write(this.device, ANY, ANY.length);
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#run = 0;
    }
    this.#requests = 0;
  }
}

function driver(): string {
  try {
    return readFileSync(DRIVER_FILE, "latin1").trim();
  } catch {
    return "";
  }
}
