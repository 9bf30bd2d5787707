/**
 * Serves requests that no kernel has sent, so that those of a first caller find the daemon's functions warm: V8 keeps
 * their compiled code (src/cli/keep-code.ts), but what it learns of their objects it learns as they run, and that makes
 * a first copy-up take six times as long as the second. The engine has to be one that nobody else uses. Nothing
 * is made but copies and whiteouts, by the mounter: to make files for a caller would change this thread's ids.
 */
import { setTimeout } from "node:timers/promises";
import type { Engine } from "../engine/engine.js";
import { Adapter } from "./adapter.js";
import { dispatch } from "./dispatch.js";
import { FOREVER } from "./encode.js";
import { FATTR_CTIME, FATTR_MODE, FATTR_MTIME, FUSE_WRITE_CACHE, Opcode } from "./protocol.js";
import { Request } from "./request.js";
import {
  fuse_entry_out, fuse_getattr_in, fuse_getxattr_in, fuse_in_header, fuse_open_in, fuse_out_header,
  fuse_read_in, fuse_setattr_in, fuse_write_in,
} from "./structs.js";
import { Words } from "./words.js";

/**
 * What the engine's lower has to hold: files whose copy-up is long, others whose is short, and one to be removed. The
 * second of a kind finds V8 ready to learn: it only begins to when a function is not run for the first time.
 */
export const REHEARSED = { long: ["long", "longer"], short: ["short", "shorter"], removed: "removed" } as const;

const ROOT = 1;
const PAGE = 4096;
/** Milliseconds between two requests, in which those of callers have their turn. */
const PAUSE = 2;

/** Callers have come, whose requests do what a rehearsal is for, and need the processor. */
class CutShort extends Error {
  override readonly name = "CutShort";
}

/** The opcodes of the requests that were answered with an error. Throws where `isNeeded` says no before it is through. */
export async function rehearse(engine: Engine, copyUpAtOpen: boolean, isNeeded: () => boolean): Promise<number[]> {
  const stage = new Stage(engine, copyUpAtOpen, isNeeded);
  await stage.ask(Opcode.GETATTR, ROOT, new Uint8Array(fuse_getattr_in.sizeof));
  await stage.ask(Opcode.READDIRPLUS, ROOT, reading(PAGE));
  await stage.lookUp("missing");
  for (const name of [...REHEARSED.long, ...REHEARSED.short]) await change(stage, await stage.lookUp(name));
  await stage.lookUp(REHEARSED.removed);
  await stage.ask(Opcode.UNLINK, ROOT, named(REHEARSED.removed));
  stage.end();
  return stage.refused;
}

/** What a write of a byte has the kernel ask with the writeback cache, and a chmod. */
async function change(stage: Stage, file: number): Promise<void> {
  await stage.ask(Opcode.OPEN, file, new Uint8Array(fuse_open_in.sizeof));
  const xattr = new Words(fuse_getxattr_in.sizeof);
  await stage.ask(Opcode.GETXATTR, file, xattr.buffer, named("security.capability"));
  await stage.ask(Opcode.READ, file, reading(PAGE));
  await stage.ask(Opcode.WRITE, file, writing(PAGE), new Uint8Array(PAGE));
  await stage.ask(Opcode.SETATTR, file, setting(FATTR_MTIME | FATTR_CTIME));
  await stage.ask(Opcode.SETATTR, file, setting(FATTR_MODE));
  await stage.ask(Opcode.FLUSH, file);
}

class Stage {
  readonly refused: number[] = [];
  readonly #adapter: Adapter;
  readonly #request = new Request(2 * PAGE);
  readonly #answer = new Words(2 * PAGE);
  #opcode = 0;
  #answered: () => void = () => undefined;

  constructor(engine: Engine, copyUpAtOpen: boolean, private readonly isNeeded: () => boolean) {
    this.#adapter = new Adapter({
      engine, copyUpAtOpen, lifetime: FOREVER, backing: null, virtualXattrs: null, tracer: { start: () => 0, servedFor: () => 0 },
      device: {
        write: (buffer, length) => this.#receive(buffer, length), writeOffThread: () => Promise.resolve(),
        whenCaughtUp: setImmediate,
      },
      log: { warn: () => undefined },
      repeat: dispatch,
      initialized: () => undefined,
    });
    this.#adapter.writebackCache = true;
  }

  /** The nodeid of a name in the root, 0 if there is none. */
  async lookUp(name: string): Promise<number> {
    await this.ask(Opcode.LOOKUP, ROOT, named(name));
    return this.#answer.u64(fuse_out_header.sizeof + fuse_entry_out.nodeid);
  }

  /** Has a request served, and waits for its answer. */
  async ask(opcode: number, nodeid: number, ...parts: readonly Uint8Array[]): Promise<void> {
    await setTimeout(PAUSE, undefined, { ref: false });
    if (!this.isNeeded()) throw new CutShort();
    const header = new Words(fuse_in_header.sizeof);
    this.#opcode = opcode;
    header.setU32(fuse_in_header.opcode, opcode);
    header.setU64(fuse_in_header.unique, 2);
    header.setU64(fuse_in_header.nodeid, nodeid);
    const message = Buffer.concat([header.buffer, ...parts]);
    message.copy(this.#request.buffer);
    this.#request.length = message.length;
    await new Promise<void>((resolve) => {
      this.#answered = resolve;
      dispatch(this.#adapter, this.#request);
    });
  }

  end(): void {
    this.#adapter.end();
  }

  /** An answer, or a notification, whose unique is 0. */
  #receive(buffer: Uint8Array, length: number): number {
    this.#answer.buffer.set(buffer.subarray(0, Math.min(length, 2 * PAGE)));
    if (this.#answer.u64(fuse_out_header.unique) === 0) return length;
    if (this.#answer.u32(fuse_out_header.error) !== 0) this.refused.push(this.#opcode);
    this.#answered();
    return length;
  }
}

function named(name: string): Uint8Array {
  return Buffer.from(`${name}\0`, "latin1");
}

function reading(size: number): Uint8Array {
  const words = new Words(fuse_read_in.sizeof);
  words.setU32(fuse_read_in.size, size);
  return words.buffer;
}

function writing(size: number): Uint8Array {
  const words = new Words(fuse_write_in.sizeof);
  words.setU32(fuse_write_in.size, size);
  words.setU32(fuse_write_in.write_flags, FUSE_WRITE_CACHE);
  return words.buffer;
}

function setting(valid: number): Uint8Array {
  const words = new Words(fuse_setattr_in.sizeof);
  words.setU32(fuse_setattr_in.valid, valid);
  words.setU32(fuse_setattr_in.mode, 0o600);
  return words.buffer;
}
