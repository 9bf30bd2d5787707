/** What is mended in fuse-native, and what else of the operations goes beyond one call into the engine. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Fuse, FuseHalf, Handler, Signal } from "../../src/fuse-native/binding.js";
import { LIMITS } from "../../src/fuse-native/limits.js";
import { mend } from "../../src/fuse-native/mends.js";
import { Operations } from "../../src/fuse-native/operations.js";
import { trace } from "../../src/fuse-native/trace.js";
import { Engine } from "../../src/engine/engine.js";
import { bytes } from "../../src/sys/bytes.js";
import { E } from "../../src/sys/errno.js";
import { Layers } from "../library/fixture.js";

let layers: Layers;
let engine: Engine;
let operations: Operations;
const infos: string[] = [];
const log = { warn: (): void => undefined, info: (message: string): void => void infos.push(message) };

beforeEach(() => {
  infos.length = 0;
  layers = new Layers({ f: "content", "d/x": "", big: "b".repeat(3 << 20) });
  engine = Engine.open({ lower: layers.lowers.map(bytes), upper: bytes(layers.upper), work: bytes(layers.work) }, log);
  operations = new Operations({ engine, log, mountpoint: bytes("/m"), source: bytes("s"), flags: 0, allowOther: false, copyUpAtOpen: false, passthrough: false, listsProvenance: false, tracer: { start: () => 0, servedFor: () => 0 }, debug: false });
});
afterEach(() => {
  operations.close();
  engine.close();
  layers.remove();
});

/** What an operation answers: its outcome, and the value that goes with it. */
function answer(perform: (done: (outcome: number, value?: unknown) => void) => void): Promise<readonly [number, unknown]> {
  return new Promise((resolve) => perform((outcome, value) => resolve([outcome, value])));
}
const outcome = async (perform: Parameters<typeof answer>[0]): Promise<number> => (await answer(perform))[0];
const opened = async (path: string): Promise<number> => (await answer((done) => operations.open(path, 0, done)))[1] as number;

describe("what is mended in fuse-native", () => {
  const OP_UTIMENS = 12;
  /** A mount as fuse-native makes it, as far as the mends touch it. */
  class FakeFuse {
    readonly mnt = "/m";
    readonly _handlers: Handler[] = [];
    readonly handed: unknown[] = [];
    _thread: Buffer | null = null;
    constructor() {
      this._handlers[OP_UTIMENS] = (_thread, _opcode, ...words): void => void this.handed.push(...words);
    }
    _op_getattr(this: { ops: Pick<Operations, "getattr"> }, signal: Signal, path: string): void {
      this.ops.getattr(path, (error, stat) => signal(error, stat));
    }
  }
  const half = { op_utimens: OP_UTIMENS, sizeof_fuse_thread_t: 8, fuse_native_unmount: () => undefined } as unknown as FuseHalf;
  const mended = (): FakeFuse & Fuse => {
    const fuse = new FakeFuse() as unknown as FakeFuse & Fuse;
    mend(fuse, half, operations, "ro");
    return fuse;
  };

  it("the attributes of an open file are those of the handle", async () => {
    const handle = await opened("/f");
    await outcome((done) => operations.unlink("/f", done));
    expect(await answer((done) => mended()._op_fgetattr(done, "/f", handle))).toMatchObject([0, { size: 7 }]);
  });

  it("an xattr or a list that is too large for the buffer is ERANGE", async () => {
    await outcome((done) => operations.setxattr("/f", "user.a", Buffer.from("value"), 0, 0, done));
    const buffer = Buffer.alloc(2);
    expect(await answer((done) => mended()._op_getxattr(done, "/f", "user.a", buffer))).toEqual([-E.ERANGE, buffer.buffer]);
    expect(await answer((done) => mended()._op_listxattr(done, "/f", buffer))).toEqual([-E.ERANGE, buffer.buffer]);
    const room = Buffer.alloc(8);
    expect(await outcome((done) => mended()._op_listxattr(done, "/f", room))).toBe(7);
    expect(room.toString()).toBe("user.a\0\0");
    const nothing = Buffer.alloc(0);
    expect(await outcome((done) => mended()._op_getxattr(done, "/f", "user.a", nothing))).toBe(5);
    expect(await outcome((done) => mended()._op_listxattr(done, "/f", nothing))).toBe(7);
  });

  it("utimens gets the mtime, and times before 1970 as negative ones", () => {
    const fuse = mended();
    const thread = Buffer.alloc(360);
    thread.writeBigInt64LE(2n ** 33n + 5n, 104);
    thread.writeBigInt64LE(-1500n, 112);
    fuse._handlers[OP_UTIMENS]!(thread, OP_UTIMENS, "/f", 5, 2, 5, 2);
    const [path, low, high, mtimeLow, mtimeHigh] = fuse.handed as [string, number, number, number, number];
    expect([path, low + high * 2 ** 32, mtimeLow + mtimeHigh * 2 ** 32]).toEqual(["/f", 2 ** 33 + 5, -1500]);
  });
});

describe("operations over libfuse 2", () => {
  it("wait for a long copy-up without keeping others waiting", async () => {
    const handle = await opened("/f");
    let copied = (): void => undefined;
    engine.stage = () => new Promise<void>((resolve) => { copied = resolve; });
    const order: string[] = [];
    const write = outcome((done) => operations.write("/f", handle, Buffer.from("x"), 1, 0, done)).then((written) => order.push(`wrote ${written}`));
    await outcome((done) => operations.getattr("/d/x", done)).then(() => order.push("other"));
    copied();
    await write;
    expect(order).toEqual(["other", "wrote 1"]);
  });

  it("write to a large file after its copy-up off the thread", async () => {
    const handle = await opened("/big");
    expect(await outcome((done) => operations.write("/big", handle, Buffer.from("x"), 1, 0, done))).toBe(1);
    expect(layers.inUpper("big")?.size).toBe(3 << 20);
  });

  it("sync files and directories", async () => {
    const handle = await opened("/f");
    await outcome((done) => operations.write("/f", handle, Buffer.from("x"), 1, 0, done));
    expect(await outcome((done) => operations.fsync("/f", 0, handle, done))).toBe(0);
    expect(await outcome((done) => operations.fsyncdir("/d", 1, 0, done))).toBe(0);
    expect(await outcome((done) => operations.fsyncdir("/no", 1, 0, done))).toBe(-E.ENOENT);
  });

  it("set times in milliseconds, before 1970 too", async () => {
    expect(await outcome((done) => operations.utimens("/f", 1500, -1500, done))).toBe(0);
    expect(layers.inUpper("f")).toMatchObject({ atimeMs: 1500, mtimeMs: -1500 });
  });

  it("are traced with -o debug, each with its outcome", async () => {
    trace(operations, log);
    await outcome((done) => operations.getattr("/no\n", done));
    const handle = await opened("/f");
    await outcome((done) => operations.read("/f", handle, Buffer.alloc(9), 9, 0, done));
    expect(infos).toEqual(['getattr "/no\\n": ENOENT', 'open "/f" 0: 0', `read "/f" ${handle} [9 bytes] 9 0: 7`]);
  });
});

describe("docs/transports.md", () => {
  it("has the list of limits", () => {
    const document = readFileSync(join(import.meta.dirname, "../../docs/transports.md"), "utf8");
    for (const { what, answer: met, why } of LIMITS) expect(document).toContain(`| ${what} | ${met} | ${why} |`);
  });
});
