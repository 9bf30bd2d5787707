/** File data: reads and writes at any place, holes, ranges, mappings and programs. */
import { expect } from "vitest";
import { dir, file, OLD, sparse } from "../harness/layers.js";
import { Conversation, mappingProgram } from "../harness/helpers.js";
import { overlay } from "../harness/overlay-cases.js";
import { run } from "../harness/processes.js";
import { Sequence } from "../harness/sequence.js";
import { check, outcome } from "../harness/syscalls.js";
import { O_CREAT, O_DIRECTORY, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY, SEEK_DATA, SEEK_HOLE } from "../../src/sys/constants.js";
import { native } from "../../src/sys/native.js";

const KIB = 1024;
const MIB = 1024 * KIB;
/** Bits of `mode` in fallocate(2), `<linux/falloc.h>`. */
const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;
const FALLOC_FL_ZERO_RANGE = 16;

const pattern = Buffer.from(Array.from({ length: 300 * KIB }, (_, index) => (index * 7 + (index >> 8)) & 0xff));

overlay("data", {}, (it) => {
  it("the blocks of an open file are counted once it is synced, and change with it", { needs: ["file-flags"], lower: { f: file("x") } }, ({ merged, upper }) => {
    for (const name of ["f", "new"]) {
      const opened = merged.open(name, O_RDWR | O_CREAT);
      const blocks = (): number[] => [opened.stat().blocks, merged.stat(name).blocks];
      const inUpper = (): number[] => [upper.stat(name).blocks, upper.stat(name).blocks];
      for (const length of [MIB, 3 * MIB, 10 * KIB]) {
        opened.truncate(0);
        opened.write(Buffer.alloc(length, "x"), 0);
        opened.sync();
        expect(blocks()).toEqual(inUpper());
        expect(blocks()[0]).toBeGreaterThanOrEqual(length / 512);
      }
      opened.write(Buffer.alloc(MIB, "y"), 10 * KIB);
      opened.sync();
      expect(blocks()).toEqual(inUpper());
      opened.close();
    }
  });

  it("a thousand writes, cuts and reads at random places give what memory gives", { lower: { f: file(pattern) } }, ({ merged, upper }) => {
    const chance = new Sequence(42);
    const memory = Buffer.alloc(2 * MIB);
    let size = pattern.copy(memory);
    const opened = merged.open("f", O_RDWR);
    for (let step = 0; step < 1000; step++) {
      const position = chance.below(MIB);
      const length = 1 + chance.below(step % 10 === 0 ? 100 * KIB : 5000);
      const act = chance.below(10);
      if (act < 5) {
        const piece = Buffer.alloc(length, step & 0xff);
        opened.write(piece, position);
        piece.copy(memory, position);
        size = Math.max(size, position + length);
      } else if (act < 6) {
        opened.truncate(position);
        if (position < size) memory.fill(0, position, size);
        size = position;
      } else {
        const wanted = memory.toString("latin1", Math.min(position, size), Math.min(position + length, size));
        if (opened.read(position, length) !== wanted) expect.fail(`step ${step}: another content at ${position}`);
      }
      if (opened.stat().size !== size) expect.fail(`step ${step}: the size is ${opened.stat().size}, expected ${size}`);
    }
    opened.close();
    expect(Buffer.from(merged.read("f"), "latin1").equals(memory.subarray(0, size))).toBe(true);
    expect(Buffer.from(upper.read("f"), "latin1").equals(memory.subarray(0, size))).toBe(true);
  });

  it("a read past the end gives nothing, one over the end what is there", { lower: { f: file("0123456789") } }, ({ merged }) => {
    merged.with("f", O_RDONLY, (opened) => {
      expect(opened.read(10, 5)).toBe("");
      expect(opened.read(1e12, 5)).toBe("");
      expect(opened.read(8, 5)).toBe("89");
    });
  });

  it("a write beyond the end leaves zeros between", { lower: { f: file("start") } }, ({ merged, upper }) => {
    merged.patch("f", 10, "end");
    expect(upper.read("f")).toBe("start\0\0\0\0\0end");
    expect(merged.read("f")).toBe("start\0\0\0\0\0end");
  });

  it("places beyond 4 GiB are read and written", { lower: { f: sparse(6 * 1024 * MIB, [{ at: 5 * 1024 * MIB, content: "far" }]) }, needs: ["holes"] }, ({ merged, upper }) => {
    merged.patch("f", 5 * 1024 * MIB + 3, " away");
    merged.with("f", O_RDONLY, (opened) => { expect(opened.read(5 * 1024 * MIB, 8)).toBe("far away"); });
    expect(upper.stat("f").size).toBe(6 * 1024 * MIB);
    expect(upper.stat("f").blocks).toBeLessThan(32 * MIB / 512);
    merged.truncate("f", 100);
  });

  it("fsync and fdatasync answer for files and directories of any layer", { lower: { f: file("x"), d: dir({ g: file() }) } }, ({ merged, upper }) => {
    merged.with("f", O_RDONLY, (opened) => { opened.sync(); });
    merged.with("d", O_RDONLY | O_DIRECTORY, (opened) => { opened.sync(); });
    expect(upper.exists("")).toBe(false);
    merged.with("f", O_RDWR, (opened) => {
      opened.write("y", 1);
      opened.sync();
      expect(upper.read("f")).toBe("xy");
      opened.write("z", 2);
      check(native.fdatasync(opened.fd), "fdatasync");
      expect(upper.read("f")).toBe("xyz");
    });
    merged.create("d/h");
    merged.with("d", O_RDONLY | O_DIRECTORY, (opened) => { opened.sync(); });
  });

  it("SEEK_DATA and SEEK_HOLE find the same places in a lower file and after its copy-up",
    { lower: { f: sparse(12 * MIB, [{ at: 4 * MIB, content: "x".repeat(MIB) }]) }, needs: ["holes"] }, ({ merged }) => {
      const places = (): number[] => merged.with("f", O_RDONLY, (opened) =>
        [opened.seek(0, SEEK_DATA), opened.seek(4 * MIB, SEEK_HOLE), opened.seek(0, SEEK_HOLE), opened.seek(6 * MIB, SEEK_HOLE)]);
      expect(places()).toEqual([4 * MIB, 5 * MIB, 0, 6 * MIB]);
      merged.with("f", O_RDONLY, (opened) => {
        expect(outcome(() => opened.seek(12 * MIB, SEEK_DATA))).toBe("ENXIO");
        expect(outcome(() => opened.seek(5 * MIB, SEEK_DATA))).toBe("ENXIO");
      });
      merged.chmod("f", 0o600);
      expect(places()).toEqual([4 * MIB, 5 * MIB, 0, 6 * MIB]);
    });

  it("data written a moment ago is found by SEEK_DATA", { lower: { f: sparse(4 * MIB, []) }, needs: ["holes"] }, ({ merged }) => {
    merged.with("f", O_RDWR, (opened) => {
      opened.write("x".repeat(4096), MIB);
      expect(opened.seek(0, SEEK_DATA)).toBe(MIB);
      expect(opened.seek(MIB, SEEK_HOLE)).toBe(MIB + 4096);
    });
  });

  it("fallocate makes room, with and without a new size", { lower: { f: file("x"), g: file("x") }, needs: ["fallocate"] }, ({ merged, upper }) => {
    merged.with("f", O_RDWR, (opened) => { opened.fallocate(0, 0, MIB); });
    merged.with("g", O_RDWR, (opened) => { opened.fallocate(FALLOC_FL_KEEP_SIZE, 0, MIB); });
    expect(merged.stat("f").size).toBe(MIB);
    expect(merged.stat("g").size).toBe(1);
    expect(upper.stat("f").blocks).toBeGreaterThanOrEqual(2048);
    expect(upper.stat("g").blocks).toBeGreaterThanOrEqual(2048);
    expect(merged.read("f").slice(0, 3)).toBe("x\0\0");
  });

  it("a punched hole and a zeroed range read as zeros, also from a descriptor open before", { lower: { f: file("x".repeat(64 * KIB)) }, needs: ["fallocate"] }, ({ merged, upper }) => {
    const reader = merged.open("f");
    expect(reader.read(8192, 2)).toBe("xx");
    merged.with("f", O_RDWR, (opened) => {
      opened.fallocate(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 8192);
      opened.fallocate(FALLOC_FL_ZERO_RANGE, 32 * KIB, 100);
      expect(opened.read(4095, 4)).toBe("x\0\0\0");
      expect(opened.read(12287, 2)).toBe("\0x");
      expect(opened.read(32 * KIB + 99, 2)).toBe("\0x");
    });
    expect(upper.stat("f").size).toBe(64 * KIB);
    expect(merged.read("f")).toBe("x".repeat(4096) + "\0".repeat(8192) + "x".repeat(20 * KIB) + "\0".repeat(100) + "x".repeat(32 * KIB - 100));
  });

  it("copy_file_range copies from a lower file to a new one", { lower: { f: file(pattern) } }, ({ merged, upper }) => {
    const from = merged.open("f");
    const to = merged.open("g", O_RDWR | O_CREAT);
    let done = 0;
    while (done < 200_000) done += from.copyRange(1000 + done, to, 5 + done, 200_000 - done);
    to.close();
    expect(merged.stat("g").size).toBe(200_005);
    expect(Buffer.from(merged.read("g"), "latin1").equals(Buffer.concat([Buffer.alloc(5), pattern.subarray(1000, 201_000)]))).toBe(true);
    expect(upper.list()).toEqual(["g"]);
  });

  it("copy_file_range into a lower file copies it up, and past the end copies nothing", { lower: { f: file("0123456789"), g: file("abcdefghij") } }, ({ merged, upper }) => {
    const from = merged.open("f");
    const to = merged.open("g", O_RDWR);
    expect(from.copyRange(2, to, 4, 3)).toBe(3);
    expect(from.copyRange(10, to, 0, 5)).toBe(0);
    expect(to.read(0, 20)).toBe("abcd234hij");
    to.close();
    expect(upper.read("g")).toBe("abcd234hij");
  });

  it("copy_file_range sees what was written a moment ago", { lower: { f: file("old"), g: file("") } }, ({ merged }) => {
    const from = merged.open("f", O_RDWR);
    const to = merged.open("g", O_RDWR);
    from.write("new", 0);
    expect(from.copyRange(0, to, 0, 3)).toBe(3);
    expect(to.read(0, 10)).toBe("new");
  });

  it("a write through a shared mapping lands in the upper", { lower: { tool: file(mappingProgram(), { mode: 0o755 }), f: file("0123456789".repeat(1000)) } }, async ({ merged, upper, lower }) => {
    const mapping = new Conversation(merged.at("tool"), [merged.at("f"), "10000", "write"]);
    expect(await mapping.hear()).toBe("mapped");
    mapping.say("write 5000 mapped");
    expect(await mapping.hear()).toBe("written");
    mapping.say("sync");
    expect(await mapping.hear()).toBe("synced");
    expect(upper.read("f").slice(5000, 5010)).toBe("mapped6789");
    expect(merged.read("f").slice(5000, 5010)).toBe("mapped6789");
    await mapping.end();
    expect(lower.read("f").slice(5000, 5010)).toBe("0123456789");
  });

  it("a mapping and a descriptor of one file see each other's writes", { lower: { tool: file(mappingProgram(), { mode: 0o755 }) }, upper: { f: file("0123456789") } }, async ({ merged }) => {
    const mapping = new Conversation(merged.at("tool"), [merged.at("f"), "10", "write"]);
    expect(await mapping.hear()).toBe("mapped");
    merged.patch("f", 0, "file");
    mapping.say("read 0 10");
    expect(await mapping.hear()).toBe("file456789");
    mapping.say("write 4 map");
    expect(await mapping.hear()).toBe("written");
    expect(merged.read("f")).toBe("filemap789");
    await mapping.end();
  });

  it("a mapping made before the copy-up sees what is written later",
    { lower: { tool: file(mappingProgram(), { mode: 0o755 }), f: file("0123456789") }, needs: ["readers-follow-copy-up"] }, async ({ merged }) => {
      const mapping = new Conversation(merged.at("tool"), [merged.at("f"), "10"]);
      expect(await mapping.hear()).toBe("mapped");
      mapping.say("read 0 10");
      expect(await mapping.hear()).toBe("0123456789");
      merged.patch("f", 2, "new");
      mapping.say("read 0 10");
      expect(await mapping.hear()).toBe("01new56789");
      await mapping.end();
    });

  it("a running program of a lower can't be written, and is not copied up by the try",
    { lower: { tool: file(mappingProgram(), { mode: 0o755 }), f: file("x") } }, async ({ merged, upper }) => {
      const running = new Conversation(merged.at("tool"), [merged.at("f"), "1"]);
      expect(await running.hear()).toBe("mapped");
      expect(outcome(() => merged.open("tool", O_WRONLY))).toBe("ETXTBSY");
      expect(outcome(() => merged.open("tool", O_RDWR | O_TRUNC))).toBe("ETXTBSY");
      expect(upper.exists("tool")).toBe(false);
      await running.end();
      expect(outcome(() => merged.append("tool", "\0"))).toBe("done");
    });

  it("a program of a lower runs, and a running program of the upper can't be written",
    { lower: { tool: file(mappingProgram(), { mode: 0o755 }), f: file("x") } }, async ({ merged }) => {
      merged.append("tool", "\0");
      const running = new Conversation(merged.at("tool"), [merged.at("f"), "1"]);
      expect(await running.hear()).toBe("mapped");
      expect(outcome(() => merged.open("tool", O_WRONLY))).toBe("ETXTBSY");
      await running.end();
      expect(outcome(() => merged.append("tool", "\0"))).toBe("done");
    });

  it("a file without the execute bit is not run", { lower: { script: file("#!/bin/sh\necho ran\n", { mode: 0o755 }), plain: file("#!/bin/sh\n") } }, ({ merged }) => {
    expect(run(merged.at("script"), []).stdout).toBe("ran\n");
    expect(run("sh", ["-c", `'${merged.at("plain")}'`])).toMatchObject({ status: 126 });
  });

  it("two processes that append to one lower file lose no line", { lower: { log: file("start\n") }, ownWay: "the order of the lines is chance" }, ({ merged }) => {
    const loop = (name: string): string => `for i in $(seq 100); do echo ${name} $i >> log; done`;
    expect(run("sh", ["-c", `(${loop("a")}) & (${loop("b")}) & wait`], { cwd: merged.path })).toMatchObject({ status: 0, stderr: "" });
    const lines = merged.read("log").split("\n");
    expect(lines.filter((line) => line.startsWith("a ")).length).toBe(100);
    expect(lines.filter((line) => line.startsWith("b ")).length).toBe(100);
    expect(lines[0]).toBe("start");
  });

  it("processes that write to a large lower file at once all find their bytes in it", { lower: { f: file(Buffer.alloc(40 * MIB, "large ")) } }, ({ merged, upper }) => {
    const places = [0, 5 * MIB + 1, 17 * MIB + 77, 40 * MIB - 4];
    const writes = places.map((place, index) => `printf 'new${index}' | dd of=f conv=notrunc oflag=seek_bytes seek=${place} 2>&1`);
    expect(run("sh", ["-c", `${writes.join(" > out & ")} & wait`], { cwd: merged.path })).toMatchObject({ status: 0 });
    const wanted = Buffer.alloc(40 * MIB, "large ");
    places.forEach((place, index) => { wanted.write(`new${index}`, place); });
    expect(Buffer.from(merged.read("f"), "latin1").equals(wanted)).toBe(true);
    expect(Buffer.from(upper.read("f"), "latin1").equals(wanted)).toBe(true);
    merged.unlink("out");
  });

  it("a large lower file renamed while it is being written has the bytes under its new name", { lower: { f: file(Buffer.alloc(20 * MIB, "large ")) } }, ({ merged, upper }) => {
    expect(run("sh", ["-c", "exec 3<>f; (printf NEW >&3) & mv f g; wait"], { cwd: merged.path })).toMatchObject({ status: 0, stderr: "" });
    expect(merged.list()).toEqual(["g"]);
    expect(upper.stat("g").size).toBe(20 * MIB);
    expect(upper.read("g").slice(0, 10)).toBe("NEWge larg");
  });

  it("a large lower file deleted while it is being written is gone",
    { needs: ["unlinked-files"], lower: { f: file(Buffer.alloc(20 * MIB, "large ")) }, ownWay: "the kernel copies up at open, and so marks the directory impure" }, ({ merged, upper }) => {
    expect(run("sh", ["-c", "exec 3<>f; (printf NEW >&3) & rm f; wait; head -c 5 <&3"], { cwd: merged.path })).toMatchObject({ status: 0, stdout: "ge la" });
    expect(merged.list()).toEqual([]);
    expect(upper.stat("f").device).toBe("0,0");
  });

  it("processes that make, rename and delete in one directory leave what they say", { lower: { d: dir(Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`old${index}`, file("x")]))) } }, ({ merged }) => {
    const loop = (first: number): string =>
      `for i in $(seq ${first} 2 39); do echo $i > d/new$i && mv d/new$i d/kept$i && rm d/old$i && mkdir d/dir$i && rmdir d/dir$i || exit 1; done`;
    expect(run("sh", ["-c", `(${loop(0)}) & a=$!; (${loop(1)}) & b=$!; wait $a && wait $b`], { cwd: merged.path })).toMatchObject({ status: 0, stderr: "" });
    expect(merged.list("d")).toEqual(Array.from({ length: 40 }, (_, index) => `kept${index}`).sort());
  });

  it("an archive taken from a tree of two layers and unpacked again is the same", {
    needs: ["separate-times"],
    lower: [{ src: dir({ a: file("a", { mode: 0o640 }), b: dir({ c: file(pattern) }) }) }, { src: dir({ b: dir({ d: file("d", { uid: 5 }) }), e: dir() }) }],
  }, ({ merged }) => {
    const tar = (words: string): void => { expect(run("sh", ["-c", words], { cwd: merged.path })).toMatchObject({ status: 0, stderr: "" }); };
    tar("tar -C src -cf one.tar --sort=name . && mkdir out && tar -C out -xpf one.tar && tar -C out -cf two.tar --sort=name . && cmp one.tar two.tar");
    expect(merged.stat("out/a")).toMatchObject({ mode: "640", mtime: `${OLD.split(".")[0]!}.000000000` });
    merged.removeAll("out");
  });
});
