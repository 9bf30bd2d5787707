/**
 * Traces a mount of ovlfs from another process. The mount is asked by reading an xattr of its root, which works where
 * nothing may be written as well, and its daemon then connects to a socket made for it alone.
 */
import { once } from "node:events";
import { chownSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytes, concat, display, type Bytes } from "../sys/bytes.js";
import { AT_FDCWD, O_DIRECTORY, O_RDONLY } from "../sys/constants.js";
import { E, errnoName } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import { OVERLAYFS_SUPER_MAGIC, STATFS_FIELDS, StatfsField } from "../sys/statfs.js";
import { decodeMessage, TRACE_PREFIX, type Message, type TraceEvent } from "./trace-event.js";

/** A mount that can't be traced; the message is a sentence for the user. */
export class TraceError extends Error {
  override readonly name = "TraceError";
}

/** A running trace: its events in the order in which they happened, until the mount is unmounted. */
export interface Trace extends AsyncIterable<TraceEvent> {
  /** Ends it from this side. */
  close(): void;
}

/** Milliseconds until the daemon has to have connected. */
const PATIENCE = 10_000;

/** Begins to trace: what happens after it settles is seen. Rejects with TraceError. */
export async function openTrace(mountpoint: Bytes): Promise<Trace> {
  refuseOthers(mountpoint);
  const directory = mkdtempSync(join(placeOutside(mountpoint), "ovlfs-trace-"));
  const server = createServer();
  try {
    const path = join(directory, "socket");
    server.listen(path);
    await once(server, "listening");
    giveTo(ownerOf(mountpoint), directory, path);
    const connected = connection(server);
    ask(mountpoint, path);
    return await new Connection(await connected).started();
  } finally {
    server.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Only the root of a mount of ovlfs has the number of its layers. */
function refuseOthers(mountpoint: Bytes): void {
  const shown = `'${display(mountpoint)}'`;
  const fd = native.openat(AT_FDCWD, mountpoint, O_RDONLY | O_DIRECTORY, 0);
  if (fd < 0) throw new TraceError(`${shown} can't be opened (${errnoName(fd)}); name the directory where an overlay is mounted`);
  const fields = new Float64Array(STATFS_FIELDS);
  native.fstatfs(fd, fields);
  native.close(fd);
  if (fields[StatfsField.Type] === OVERLAYFS_SUPER_MAGIC) {
    throw new TraceError(`${shown} is mounted by the kernel's overlay, which tells nobody what it does; mount its layers with ovlfs to trace them`);
  }
  if (valueOf(mountpoint, "user.ovlfs.layers") >= 0) return;
  if (valueOf(mountpoint, "user.ovlfs.layer") >= 0) throw new TraceError(`${shown} lies inside a mount of ovlfs; name the mount point itself`);
  throw new TraceError(`${shown} is not a mount of ovlfs; name the directory where 'ovlfs mount' mounted`);
}

const buffer = Buffer.alloc(64);

function valueOf(path: Bytes, name: string): number {
  return native.getxattrat(AT_FDCWD, concat(path, bytes("/.")), bytes(name), buffer);
}

/** The longest path of a socket is 107 bytes. */
const LONGEST_DIRECTORY = 80;

/** A directory for the socket that is not in the mount: the daemon could not reach it there. */
function placeOutside(mountpoint: Bytes): string {
  const { dev } = statOf(mountpoint);
  const place = [tmpdir(), "/tmp", "/run", "/dev/shm", "/var/tmp"].find((directory) => isUsable(directory, dev));
  if (place === undefined) throw new TraceError("no directory for temporary files is outside of the mount; name one by TMPDIR");
  return realpathSync(place);
}

function isUsable(directory: string, mountDevice: number): boolean {
  const path = bytes(directory);
  try {
    return directory.length <= LONGEST_DIRECTORY && statOf(path).dev !== mountDevice && native.faccessat(AT_FDCWD, path, 2) >= 0;
  } catch {
    return false;
  }
}

/** The attributes of a directory, symlinks followed. */
function statOf(path: Bytes): Stat {
  const stat = new Stat();
  const error = native.statx(AT_FDCWD, concat(path, bytes("/.")), stat.fields);
  if (error < 0) throw new TraceError(`'${display(path)}' can't be looked at (${errnoName(error)})`);
  return stat;
}

/** The user whose daemon serves the mount, as the kernel knows it; null where it does not say. */
function ownerOf(mountpoint: Bytes): number | null {
  const { devMajor, devMinor } = statOf(mountpoint);
  const lines = readFileSync("/proc/self/mountinfo", "latin1").split("\n");
  const line = lines.find((text) => text.split(" ")[2] === `${devMajor}:${devMinor}`);
  const [, id] = /[ ,]user_id=(\d+)/.exec(line ?? "") ?? [];
  return id === undefined ? null : Number(id);
}

/** Root may trace the mount of another user, whose daemon has to reach the socket. */
function giveTo(uid: number | null, ...paths: readonly string[]): void {
  if (uid === null || uid === process.geteuid!() || process.geteuid!() !== 0) return;
  for (const path of paths) chownSync(path, uid, -1);
}

function ask(mountpoint: Bytes, socket: string): void {
  const answer = valueOf(mountpoint, `${TRACE_PREFIX}${socket}`);
  if (answer >= 0) return;
  const shown = `'${display(mountpoint)}'`;
  switch (-answer) {
    case E.EPERM: throw new TraceError(`${shown} was mounted by another user; trace it as root, or as that user`);
    case E.ENODATA: throw new TraceError(`${shown} can't be traced; mount it without --transport fuse-native, and with this version of ovlfs`);
    case E.EBUSY: throw new TraceError(`${shown} is traced by too many already; end one of them`);
    default: throw new TraceError(`${shown} can't be traced (${errnoName(answer)}); ask its daemon's log why`);
  }
}

function connection(server: Server): Promise<Socket> {
  const connected = new Promise<Socket>((resolve, reject) => {
    const timer = setTimeout(() => reject(new TraceError(
      "the daemon of the mount did not connect; its log says why (it can't where it does not see this user's TMPDIR)")), PATIENCE).unref();
    server.once("connection", (socket) => {
      clearTimeout(timer);
      resolve(socket);
    });
  });
  // Whoever asks for it may have given up before.
  connected.catch(() => undefined);
  return connected;
}

/** The events that a daemon sends, until the mount ends or this side closes. */
class Connection implements Trace {
  readonly #messages: AsyncGenerator<Message>;
  #isClosed = false;

  constructor(private readonly socket: Socket) {
    this.#messages = this.#read();
  }

  /** Settles once the daemon tells of everything. */
  async started(): Promise<this> {
    await this.#messages.next();
    return this;
  }

  close(): void {
    this.#isClosed = true;
    this.socket.destroy();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TraceEvent, void, undefined> {
    for await (const message of this.#messages) {
      if (message.kind === "end") return;
      if (message.kind !== "start") yield message;
    }
    if (!this.#isClosed) throw new TraceError("the daemon of the mount has gone");
  }

  /** Line by line. */
  async *#read(): AsyncGenerator<Message, void, undefined> {
    let rest = "";
    try {
      for await (const chunk of this.socket.setEncoding("utf8") as AsyncIterable<string>) {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop()!;
        for (const line of lines) yield decodeMessage(line);
      }
    } catch {
      // The connection broke: either side may be the reason, and the iterator tells which.
    } finally {
      this.socket.destroy();
    }
  }
}
