import { expect } from "vitest";
import { bytes } from "../../src/sys/bytes.js";
import { AT_FDCWD, MNT_DETACH, O_RDWR } from "../../src/sys/constants.js";
import { E } from "../../src/sys/errno.js";
import { native } from "../../src/sys/native.js";
import { addon, inProcess, strange, test, testAsRoot, type Sandbox } from "./sandbox.js";

const INIT = 26;
const INIT_EXT = 2 ** 30;
const PASSTHROUGH_2 = 2 ** 5;

/** A FUSE file system over `sandbox` that answers INIT and no more. */
function mountFuse(sandbox: Sandbox): number {
  const fd = sandbox.keep(native.openat(AT_FDCWD, bytes("/dev/fuse"), O_RDWR, 0));
  const data = bytes(`fd=${fd},rootmode=40000,user_id=0,group_id=0`);
  expect(native.mount(bytes("poll-test"), bytes(sandbox.path), bytes("fuse"), 0, data)).toBe(0);
  return fd;
}

/** The answer to the INIT request in `request`, with passthrough. */
function initReply(request: Buffer): Buffer {
  expect(request.readUInt32LE(4)).toBe(INIT);
  const reply = Buffer.alloc(16 + 64);
  reply.writeUInt32LE(reply.length, 0);
  reply.writeBigUInt64LE(request.readBigUInt64LE(8), 8);
  reply.writeUInt32LE(7, 16);
  reply.writeUInt32LE(40, 20);
  reply.writeUInt32LE(INIT_EXT, 28);
  reply.writeUInt32LE(131072, 36);
  reply.writeUInt32LE(PASSTHROUGH_2, 48);
  reply.writeUInt32LE(1, 52);
  return reply;
}

testAsRoot("a watch of /dev/fuse tells of requests, and of the end of the mount", async ({ sandbox }) => {
  const backing = sandbox.file(strange);
  const fuse = mountFuse(sandbox);
  const buffer = Buffer.alloc(2 ** 18);
  try {
    let settle: (status: number) => void = () => undefined;
    const next = (): Promise<number> => new Promise((resolve) => { settle = resolve; });
    const ready = next();
    const watch = native.pollStart(fuse, (status) => settle(status));
    expect(await ready).toBe(0);
    expect(native.read(fuse, buffer)).toBeGreaterThan(40);
    expect(native.read(fuse, Buffer.alloc(2 ** 18))).toBe(-E.EAGAIN);
    const reply = initReply(buffer);
    expect(native.write(fuse, reply, reply.length)).toBe(reply.length);
    const id = native.fuseBackingOpen(fuse, backing);
    expect(id).toBeGreaterThan(0);
    expect(native.fuseBackingClose(fuse, id)).toBe(0);
    expect(native.fuseBackingClose(fuse, id)).toBe(-E.ENOENT);
    const end = next();
    expect(native.umount2(bytes(sandbox.path), MNT_DETACH)).toBe(0);
    expect(await end).toBe(-E.EBADF);
    expect(native.read(fuse, buffer)).toBe(-E.ENODEV);
    native.pollStop(watch);
    native.pollStop(watch);
  } finally {
    native.umount2(bytes(sandbox.path), MNT_DETACH);
  }
});

test("a descriptor that cannot be watched throws what the kernel says", ({ sandbox }) => {
  expect(() => native.pollStart(sandbox.file(strange), () => undefined)).toThrow(/not permitted/);
});

const pair = `const [ours, theirs] = native.socketpair(); const input = Buffer.alloc(8);
  const send = () => native.write(theirs, Buffer.from("x"), 1);`;

test("an exception in the callback reaches uncaughtException, and the watch goes on", () => {
  expect(inProcess(`${pair} const seen = [];
    process.on("uncaughtException", (error) => { seen.push(error.message); seen.length < 2 ? send() : end(); });
    const watch = native.pollStart(ours, () => { native.read(ours, input); throw new Error("thrown"); });
    const end = () => { native.pollStop(watch); process.stdout.write(seen.join()); };
    send();`)).toBe("thrown,thrown");
});

test("an exception that nobody handles ends the process in the ordinary way", () => {
  const result = inProcess(`${pair} native.pollStart(ours, () => { throw new Error("thrown"); }); send();`);
  expect(result).toMatch(/^status [17] signal null: [^]*Error: thrown/);
});

test("the callback runs ticks and promises before it is called again", () => {
  expect(inProcess(`${pair} const seen = [];
    const watch = native.pollStart(ours, async () => {
      native.read(ours, input); seen.push("call"); process.nextTick(() => seen.push("tick"));
      await null; seen.push("promise");
      if (seen.length > 5) { native.pollStop(watch); process.stdout.write(seen.join()); } else send();
    }); send();`)).toBe("call,tick,promise,call,tick,promise");
});

test("a callback that waits for the next input at once does not keep ticks, promises, timers and other watches waiting", () => {
  expect(inProcess(`${pair} const seen = []; const [other, otherEnd] = native.socketpair();
    native.pollStart(other, () => { native.read(other, input); seen.push("other watch"); send(); });
    native.pollStart(ours, () => {
      if (native.read(ours, input) < 0) return false;
      seen.push("input");
      const part = seen.length;
      if (part === 1) process.nextTick(() => { seen.push("tick"); send(); });
      else if (part === 3) void Promise.resolve().then(() => { seen.push("promise"); send(); });
      else if (part === 5) setTimeout(() => { seen.push("timer"); send(); }, 20);
      else if (part === 7) setImmediate(() => { seen.push("immediate"); send(); });
      else if (part === 9) native.write(otherEnd, Buffer.from("x"), 1);
      else if (part === 11) process.kill(process.pid, "SIGUSR2");
      else { process.stdout.write(seen.join()); process.exit(0); }
      return true;
    });
    process.on("SIGUSR2", () => { seen.push("signal"); send(); });
    send();`)).toBe("input,tick,input,promise,input,timer,input,immediate,input,other watch,input,signal,input");
});

test("timers are due in their order and at their time, however often the next one changes while input is waited for", () => {
  expect(inProcess(`${pair} const seen = []; const begin = performance.now();
    const after = (ms) => setTimeout(() => seen.push(ms, performance.now() - begin >= ms - 1 && performance.now() - begin < ms + 90), ms);
    let inputs = 0;
    native.pollStart(ours, () => {
      if (native.read(ours, input) < 0) return false;
      inputs++;
      if (inputs === 1) { after(300); after(200); send(); }
      else if (inputs === 2) { const gone = setTimeout(() => seen.push("gone"), 50); setTimeout(() => clearTimeout(gone), 20); after(100); }
      return true;
    });
    const often = setInterval(send, 5);
    setTimeout(() => { clearInterval(often); process.stdout.write(seen.join() + " " + (inputs > 20)); process.exit(0); }, 400);
    send();`)).toBe("100,true,200,true,300,true true");
});

test("a watch keeps the process alive, and pollStop lets it go", () => {
  expect(inProcess(`${pair} let calls = 0;
    const watch = native.pollStart(ours, () => { native.read(ours, input); calls++; native.pollStop(watch); send(); });
    setTimeout(send, 100);
    process.on("exit", () => process.stdout.write(String(calls)));`)).toBe("1");
});

test("a watch survives the collection of its object", () => {
  expect(inProcess(`require("node:v8").setFlagsFromString("--expose-gc");
    const gc = require("node:vm").runInNewContext("gc"); ${pair}
    native.pollStart(ours, () => { gc(); process.stdout.write("called"); process.exit(0); });
    gc(); setTimeout(() => { gc(); send(); }, 50);`)).toBe("called");
});

test("one descriptor can be watched anew, any number of times", () => {
  expect(inProcess(`${pair}
    for (let i = 0; i < 1000; i++) native.pollStop(native.pollStart(ours, () => undefined));
    const watch = native.pollStart(ours, () => { native.pollStop(watch); process.stdout.write("called"); });
    send();`)).toBe("called");
});

test("a worker with a live watch ends cleanly", () => {
  expect(inProcess(`const { Worker } = require("node:worker_threads");
    const worker = new Worker(\`const native = require(${JSON.stringify(addon)});
      const [ours] = native.socketpair(); native.pollStart(ours, () => undefined);
      require("node:worker_threads").parentPort.postMessage(0);\`, { eval: true });
    worker.on("message", () => void worker.terminate());
    worker.on("exit", (code) => process.stdout.write("ended " + code));`)).toBe("ended 1");
});
