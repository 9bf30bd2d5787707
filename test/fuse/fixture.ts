/**
 * The adapter without a mount: requests encoded by hand, an engine that has only the methods under test, and a
 * device that records what is written to it.
 */
import { endianness } from "node:os";
import type { Engine } from "../../src/engine/engine.js";
import type { Inode, Link } from "../../src/engine/inode.js";
import { Adapter, type AdapterOptions } from "../../src/fuse/adapter.js";
import { FOREVER } from "../../src/fuse/encode.js";
import { dispatch } from "../../src/fuse/dispatch.js";
import { Opcode } from "../../src/fuse/protocol.js";
import { Request } from "../../src/fuse/request.js";
import type { NotifyingDevice } from "../../src/fuse/notify.js";
import { fuse_in_header, fuse_init_in, fuse_out_header, type Struct, type Shape } from "../../src/fuse/structs.js";
import type { Bytes } from "../../src/sys/bytes.js";
import { fail, isErrno, type Errno } from "../../src/sys/errno.js";
import { S_IFDIR, S_IFREG, type Stat } from "../../src/sys/stat.js";

const LITTLE = endianness() === "LE";

/** What was written to the device. */
export class Message {
  readonly #view: DataView;

  constructor(readonly bytes: Buffer) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get length(): number { return this.#view.getUint32(fuse_out_header.len, LITTLE); }
  /** A negated errno, or 0; of a notification, its code. */
  get error(): number { return this.#view.getInt32(fuse_out_header.error, LITTLE); }
  get unique(): bigint { return this.#view.getBigUint64(fuse_out_header.unique, LITTLE); }
  /** What stands behind the header. */
  get body(): Buffer { return this.bytes.subarray(fuse_out_header.sizeof); }

  u16(offset: number): number { return this.#view.getUint16(fuse_out_header.sizeof + offset, LITTLE); }
  u32(offset: number): number { return this.#view.getUint32(fuse_out_header.sizeof + offset, LITTLE); }
  u64(offset: number): bigint { return this.#view.getBigUint64(fuse_out_header.sizeof + offset, LITTLE); }
  i64(offset: number): bigint { return this.#view.getBigInt64(fuse_out_header.sizeof + offset, LITTLE); }
}

export class Recorder implements NotifyingDevice {
  readonly messages: Message[] = [];
  readonly offThread: Message[] = [];

  whenCaughtUp(callback: () => void): void {
    setImmediate(callback);
  }

  write(buffer: Uint8Array, length: number): number {
    this.messages.push(new Message(Buffer.from(buffer.subarray(0, length))));
    return length;
  }

  writeOffThread(buffer: Uint8Array): Promise<void> {
    this.offThread.push(new Message(Buffer.from(buffer)));
    return Promise.resolve();
  }
}

/** A structure with the given members; all others are 0. */
export function encode<Members extends Record<string, Shape>>(
  struct: Struct<Members>, values: Partial<Record<keyof Members, number | bigint>>,
): Buffer {
  const buffer = Buffer.alloc(struct.sizeof);
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
  for (const { name, offset, shape } of struct.members) {
    const value = values[name] ?? 0;
    if (shape.sizeof === 8) view.setBigUint64(offset, BigInt.asUintN(64, BigInt(value)), LITTLE);
    else if (shape.sizeof === 4) view.setUint32(offset, Number(value), LITTLE);
    else if (shape.sizeof === 2) view.setUint16(offset, Number(value), LITTLE);
  }
  return buffer;
}

/** A name as it stands in a request. */
export function named(name: string): Buffer {
  return Buffer.from(`${name}\0`, "latin1");
}

export interface Header {
  readonly nodeid?: number;
  readonly unique?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly pid?: number;
}

export function encodeRequest(opcode: number, header: Header, ...parts: readonly Uint8Array[]): Request {
  const body = Buffer.concat(parts);
  const length = fuse_in_header.sizeof + body.length;
  const request = new Request(length);
  const { nodeid = 1, unique = 2, uid = 0, gid = 0, pid = 0 } = header;
  Buffer.concat([encode(fuse_in_header, { len: length, opcode, unique, nodeid, uid, gid, pid }), body]).copy(request.buffer);
  request.length = length;
  return request;
}

export const root = { id: 1, type: S_IFDIR, isDirectory: true } as Inode;
export const file = { id: 7, type: S_IFREG, isDirectory: false, links: [] as readonly Link[] } as Inode;
export const directory = { id: 8, type: S_IFDIR, isDirectory: true } as Inode;
const known = new Map([root, file, directory].map((inode) => [inode.id, inode]));

/** Positions in `Stat.fields`, for members without a setter. */
export const Field = { Mode: 0, Nlink: 1, Uid: 2, Gid: 3, Size: 5, MtimeSec: 10, MtimeNsec: 11, BtimeSec: 14, RdevMajor: 16, RdevMinor: 17, Mask: 21 } as const;

/** Fills a Stat; all members that are not given are 0. */
export function fill(stat: Stat, ino: bigint, members: Partial<Record<keyof typeof Field, number>>): number {
  stat.fields.fill(0);
  stat.ino = ino;
  for (const [name, value] of Object.entries(members)) stat.fields[Field[name as keyof typeof Field]] = value;
  return 0;
}

export interface Served {
  readonly adapter: Adapter;
  readonly device: Recorder;
  readonly warnings: string[];
  /** What INIT came to, once it did. */
  readonly refusals: (string | null)[];
  /** Serves one request; what it was answered with at once, or undefined. */
  send(opcode: number, header: Header, ...parts: readonly Uint8Array[]): Message | undefined;
}

/** Of an engine that has lookup and getattr. */
function combined(this: Engine, parent: Inode, name: Bytes, out: Stat): Inode | Errno {
  const found = this.lookup(parent, name);
  const error = isErrno(found) ? found : this.getattr(found, out);
  return error < 0 ? fail(-error) : found;
}

/** An adapter over an engine with these methods. Nothing is long, and the inodes above are there. */
export function serve(methods: Partial<Engine>, { copyUpAtOpen = false, lifetime = FOREVER, backing = null, virtualXattrs = null, repeat = dispatch }: Partial<AdapterOptions> = {}): Served {
  const engine = {
    readOnly: false, hasAcls: true, inode: (id: number) => known.get(id), stage: () => null, protection: () => 0, answered: () => undefined, freeRoom: () => Promise.resolve(false), lookupWithAttributes: combined, ...methods,
  } as unknown as Engine;
  const device = new Recorder();
  const warnings: string[] = [];
  const refusals: (string | null)[] = [];
  const adapter = new Adapter({
    engine, device, repeat, copyUpAtOpen, lifetime, backing, virtualXattrs, tracer: { start: () => 0, servedFor: () => 0 },
    log: { warn: (message) => void warnings.push(message) },
    initialized: (refusal) => void refusals.push(refusal),
  });
  const send = (opcode: number, header: Header, ...parts: readonly Uint8Array[]): Message | undefined => {
    const before = device.messages.length;
    dispatch(adapter, encodeRequest(opcode, header, ...parts));
    return device.messages.length > before ? device.messages.at(-1) : undefined;
  };
  return { adapter, device, warnings, refusals, send };
}

/** INIT as a kernel of that minor version sends it, offering all flags. */
export function initialize(served: Served, minor = 45): Message | undefined {
  const words = encode(fuse_init_in, { major: 7, minor, max_readahead: 131072, flags: 0xffff_ffff, flags2: 0xffff_ffff });
  return served.send(Opcode.INIT, { nodeid: 0 }, minor < 36 ? words.subarray(0, fuse_init_in.flags2) : words);
}

/** Lets requests be answered that are tried again. */
export async function settleAll(): Promise<void> {
  for (let turns = 0; turns < 4; turns += 1) await settle();
}

/** Lets everything run that was only waiting for promises. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
