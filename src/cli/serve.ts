/**
 * Serves one mount from start to end, in front or in a daemon. All that the process will need is loaded and
 * resolved before the mount covers any path, since what is read through the mount afterwards would wait for
 * this very process. A failure leaves nothing mounted.
 */
import { Engine } from "../engine/engine.js";
import { isWithin } from "../engine/layer.js";
import { bytes, display, type Bytes } from "../sys/bytes.js";
import { AT_FDCWD, O_DIRECTORY, O_PATH } from "../sys/constants.js";
import { errnoName } from "../sys/errno.js";
import { mountFuse } from "../fuse/index.js";
import { native } from "../sys/native.js";
import { Tracing } from "../trace/tracing.js";
import type { Session, Transport } from "../transport.js";
import type { MountCommand, TransportName } from "./command-line.js";
import { optimizeLate } from "./late-optimizing.js";
import { noteLeftovers } from "./leftovers.js";
import { openLog, openLogFile, type DaemonLog } from "./log.js";
import { presentationOf } from "./mapped-layers.js";
import { resolveMountpoint } from "./mountpoint.js";
import { findNodeText, mapNodeText } from "./node-text.js";
import { Profiling } from "./profiling.js";
import { rehearseFirstRequests } from "./rehearsal.js";
import { securityOptions } from "./security-options.js";
import { spareMemory } from "./spare-memory.js";
import { UsageError } from "./usage-error.js";

/** The transport that is asked for; libfuse is loaded for that alone. */
async function loadTransport(name: TransportName): Promise<Transport> {
  switch (name) {
    case "fuse": return mountFuse;
    case "fuse-native": return (await import("../fuse-native/index.js")).mountFuseNative;
  }
}

/** The flags of mount(2). Other users than root get no setuid and no devices, as fusermount3 has it. */
function mountFlags(command: MountCommand, engine: Engine): number {
  let flags = 0;
  for (const name of command.flags) flags |= flag(name);
  if (engine.readOnly) flags |= flag("MS_RDONLY");
  if (process.geteuid!() !== 0) flags |= flag("MS_NOSUID") | flag("MS_NODEV");
  return flags;
}

function flag(name: string): number {
  const value = native.constants[name];
  if (value === undefined) throw new Error(`native-bindings lacks the constant ${name}`);
  return value;
}

/**
 * Mounts, calls `announce` once the mount answers, and settles when it is unmounted. Rejects with an error
 * whose message is a sentence for the user; if `announce` throws, the mount is taken back.
 */
export async function serve(command: MountCommand, announce: () => void): Promise<void> {
  const log = openLog(command.logFile, command.foreground);
  process.on("uncaughtException", (error) => log.warn(`internal error: ${error.stack ?? error.message}`));
  process.on("unhandledRejection", (reason) => log.warn(`internal error: ${reason instanceof Error ? reason.stack ?? reason.message : String(reason)}`));
  native.umask(0);
  native.raiseFileLimit();

  const mountpoint = resolveMountpoint(command.mountpoint);
  const shown = display(mountpoint);
  const mount = await loadTransport(command.transport);
  let settled = false;
  const removeLeftovers = noteLeftovers(command.work, command.upper);
  try {
    const engine = openEngine(command, log);
    try {
      refuseDeadlock(engine, mountpoint);
      const signals = new Signals(log);
      const profiling = new Profiling(command, log);
      const tracing = startTracing(command, engine, log, mountpoint);
      // The first line to syslog opens its socket and the time zone, which the mount may be about to cover.
      if (!command.foreground) log.info(`mounting ${shown}`);
      spareMemory(engine);
      optimizeLate(engine);
      const session = await mount({
        engine, mountpoint, source: command.source, flags: mountFlags(command, engine),
        allowOther: command.allowOther || process.geteuid!() === 0, copyUpAtOpen: command.copyUpAtOpen,
        passthrough: command.passthrough, listsProvenance: command.listsProvenance,
        securityOptions: securityOptions(command, log),
        ...(command.timeout === undefined ? {} : { timeout: command.timeout }),
        debug: command.debug, tracer: tracing, log,
      });
      process.title = `ovlfs ${shown}`;
      signals.attach(session, mountpoint);
      profiling.attach(session);
      await announceOrUnmount(announce, session);
      settled = true;
      void mapNodeText();
      findNodeText();
      // A rehearsal goes through /proc, where this mount must not be met.
      if (command.transport === "fuse" && !isWithin(bytes("/proc"), mountpoint)) {
        void rehearseFirstRequests(engine, { ...command.features, ...command.presentation }, command.copyUpAtOpen);
      }
      await session.done;
      await tracing.end();
      profiling.end();
      if (!command.foreground) log.info(`unmounted ${shown}`);
    } finally {
      if (settled) closeSynced(engine, shown, log);
      else engine.close();
    }
  } finally {
    if (!settled) removeLeftovers();
  }
}

function openEngine(command: MountCommand, log: DaemonLog): Engine {
  return Engine.open({
    lower: command.lower,
    ...(command.upper === undefined ? {} : { upper: command.upper }),
    ...(command.work === undefined ? {} : { work: command.work }),
    readOnly: command.flags.includes("MS_RDONLY"),
    dataOnly: command.dataOnly,
    ...command.features,
    ...presentationOf(command, log),
  }, log);
}

/** As the kernel's overlay ends; there is nobody left who could be told of an error. */
function closeSynced(engine: Engine, shown: string, log: DaemonLog): void {
  const error = engine.closeSynced();
  if (error < 0) log.warn(`${shown} is unmounted, but its upper could not be synced: ${errnoName(error)}; the kernel's log may say why`);
}

/** Throws UsageError where the file can't be written. */
function startTracing({ trace, traceFile }: MountCommand, engine: Engine, log: DaemonLog, mountpoint: Bytes): Tracing {
  const tracing = new Tracing(engine, log, mountpoint);
  if (traceFile !== undefined) tracing.toFile(openLogFile(traceFile, "--trace"));
  else if (trace) tracing.toLog();
  return tracing;
}

/** Without the right to make private copies of the layers' mounts, what is below the mount point would be asked of us. */
function refuseDeadlock(engine: Engine, mountpoint: Bytes): void {
  const fd = native.openat(AT_FDCWD, mountpoint, O_PATH | O_DIRECTORY, 0);
  if (fd < 0) throw new UsageError(`the mount point '${display(mountpoint)}' cannot be opened: ${errnoName(fd)}; name another directory`);
  const deadlock = engine.wouldDeadlock(fd);
  native.close(fd);
  if (deadlock) throw new UsageError(`the mount point '${display(mountpoint)}' lies inside a layer, which only root can mount so; name a directory outside of the layers`);
}

/** A caller that was killed while it waited gets no mount. */
async function announceOrUnmount(announce: () => void, session: Session): Promise<void> {
  try {
    announce();
  } catch (error) {
    await session.unmount(true);
    throw error;
  }
}

/** SIGINT, SIGTERM and SIGHUP unmount; where the mount is busy, a second one detaches it. */
class Signals {
  readonly #log: DaemonLog;
  #session: Session | undefined;
  #shown = "";
  #count = 0;

  constructor(log: DaemonLog) {
    this.#log = log;
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => this.#received());
  }

  /** From now on there is a mount; a signal that came before takes effect now. */
  attach(session: Session, mountpoint: Bytes): void {
    this.#session = session;
    this.#shown = display(mountpoint);
    if (this.#count > 0) void this.#unmount(session);
  }

  #received(): void {
    this.#count++;
    if (this.#session !== undefined) void this.#unmount(this.#session);
  }

  async #unmount(session: Session): Promise<void> {
    const lazy = this.#count > 1;
    const error = await session.unmount(lazy);
    if (error === 0) return;
    const remedy = lazy ? `run 'ovlfs umount -l ${this.#shown}'` : "close what is open in it, or send the signal again to detach it";
    this.#log.warn(`${this.#shown} was not unmounted: ${errnoName(error)}; ${remedy}`);
  }
}
