import { expect, test } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { Listing } from "../../src/engine/listing.js";
import { Opcode } from "../../src/fuse/protocol.js";
import { fuse_dirent, fuse_direntplus, fuse_entry_out, fuse_read_in } from "../../src/fuse/structs.js";
import { bytes } from "../../src/sys/bytes.js";
import { E, fail } from "../../src/sys/errno.js";
import { S_IFREG } from "../../src/sys/stat.js";
import { encode, file, fill, serve, type Message, type Served } from "./fixture.js";

const NAMES = [".", "..", "a", "bc", "seven77", "eight888", "n\xff"];
const listing = new Listing(NAMES.map((name, index) => ({ name: Buffer.from(name, "latin1").toString("latin1") as ReturnType<typeof bytes>, type: 8, ino: BigInt(index + 1) })));

interface Found {
  readonly name: string;
  readonly ino: bigint;
  readonly off: number;
  readonly nodeid: bigint;
}

function decode(answer: Message, prefix: number): Found[] {
  const found: Found[] = [];
  for (let at = 0; at < answer.body.length;) {
    const entry = at + prefix;
    const length = answer.u32(entry + fuse_dirent.namelen);
    const start = entry + fuse_dirent.sizeof;
    found.push({
      name: answer.body.toString("latin1", start, start + length), ino: answer.u64(entry + fuse_dirent.ino),
      off: Number(answer.u64(entry + fuse_dirent.off)), nodeid: prefix ? answer.u64(at + fuse_entry_out.nodeid) : 0n,
    });
    expect(answer.body.subarray(start + length, (start + length + 7) & ~7).every((byte) => byte === 0)).toBe(true);
    at = (start + length + 7) & ~7;
  }
  return found;
}

/** Reads to the end in portions of `size` bytes; all entries, and how many answers it took. */
function readAll(served: Served, opcode: number, size: number): { found: Found[]; answers: number } {
  const prefix = opcode === Opcode.READDIRPLUS ? fuse_direntplus.dirent : 0;
  const found: Found[] = [];
  for (let answers = 1; ; answers += 1) {
    const answer = served.send(opcode, {}, encode(fuse_read_in, { offset: found.at(-1)?.off ?? 0, size }))!;
    expect(answer.error).toBe(0);
    expect(answer.body.length).toBeLessThanOrEqual(size);
    if (answer.body.length === 0) return { found, answers };
    found.push(...decode(answer, prefix));
  }
}

test.each([4096, 64])("READDIR in portions of %i bytes lists each name once, and then lets the listing go", (size) => {
  let released = 0;
  const { found, answers } = readAll(serve({ readdir: () => listing, releaseListing: () => { released += 1; } }), Opcode.READDIR, size);
  expect(found.map(({ name }) => name).sort()).toEqual([...NAMES].sort());
  expect(found.map(({ off }) => off)).toEqual(listing.entries.map(({ cookie }) => cookie));
  expect(answers > 2).toBe(size === 64);
  expect(released).toBe(1);
});

function countingEngine(): { engine: Partial<Engine>; references: () => number } {
  let references = 0;
  const engine: Partial<Engine> = {
    readdir: () => listing, releaseListing: () => undefined,
    lookup: (_, name) => {
      if (name === bytes("bc")) return fail(E.ENOENT);
      references += 1;
      return file;
    },
    getattr: (_, stat) => fill(stat, 1n, { Mode: S_IFREG }),
    forget: (_, count) => { references -= count; },
  };
  return { engine, references: () => references };
}

test.each([4096, 400])("READDIRPLUS in portions of %i bytes takes a reference for each entry with a nodeid, and no other", (size) => {
  const { engine, references } = countingEngine();
  const { found } = readAll(serve(engine), Opcode.READDIRPLUS, size);
  expect(found.map(({ name }) => name).sort()).toEqual([...NAMES].sort());
  expect(found.filter(({ nodeid }) => nodeid === 0n).map(({ name }) => name).sort()).toEqual([".", "..", "bc"]);
  expect(references()).toBe(found.filter(({ nodeid }) => nodeid === 7n).length);
});

test("a directory that can't be read answers why", () => {
  expect(serve({ readdir: () => fail(E.EIO) }).send(Opcode.READDIR, {}, encode(fuse_read_in, { size: 4096 }))!.error).toBe(-E.EIO);
});
