/** A full disk under the upper: what can't be done is refused, and nothing is lost or left half made. */
import { expect, vi } from "vitest";
import { dir, file, OLD } from "../harness/layers.js";
import { overlay } from "../harness/overlay-cases.js";
import { outcome, statfs } from "../harness/syscalls.js";
import type { Tree } from "../harness/tree.js";
import { O_CREAT, O_RDWR, O_WRONLY } from "../../src/sys/constants.js";

const KIB = 1024;
const large = file(Buffer.alloc(6000 * KIB, "large file "), { mode: 0o640 });
const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${index}`, file("x")]));

/** A new file takes all that there is. */
function fillUp(merged: Tree): void {
  merged.with("f", O_RDWR | O_CREAT, (opened) => {
    for (let piece = 0; piece < 100; piece++) opened.write(Buffer.alloc(64 * KIB, 1), piece * 64 * KIB);
    opened.sync();
  });
}

overlay("a full disk", { upperKiB: 3000 }, (it) => {
  it("a copy-up that finds no room is refused with ENOSPC and leaves no file", { lower: { d: dir({ f: large }) } }, ({ merged, upper, lower }) => {
    expect(outcome(() => merged.chmod("d/f", 0o600))).toBe("ENOSPC");
    expect(outcome(() => merged.rename("d/f", "d/g"))).toBe("ENOSPC");
    expect(outcome(() => merged.link("d/f", "d/g"))).toBe("ENOSPC");
    expect(outcome(() => merged.setXattr("d/f", "user.x", "y"))).toBe("ENOSPC");
    expect(upper.in("d").exists("f")).toBe(false);
    expect(merged.list("d")).toEqual(["f"]);
    expect(merged.stat("d/f")).toMatchObject({ mode: "640", size: 6000 * KIB });
    expect(merged.read("d/f")).toBe(lower.read("d/f"));
  });

  it("nor does one that finds room for a part, also of a small file", { lower: { small: file(Buffer.alloc(80 * KIB, "small file ")) } }, ({ merged, upper, lower, fixture }) => {
    for (const room of [4, 20, 40, 76]) {
      const { free, blockSize } = statfs(fixture.merged.path);
      merged.write("filler", Buffer.alloc(free * blockSize - room * KIB, 1));
      expect(outcome(() => merged.chmod("small", 0o600))).toBe("ENOSPC");
      expect(upper.exists("small")).toBe(false);
      expect(merged.read("small")).toBe(lower.read("small"));
      merged.unlink("filler");
    }
    merged.chmod("small", 0o600);
    expect(upper.read("small")).toBe(lower.read("small"));
  });

  it("a write that needs such a copy-up is refused with ENOSPC, by fsync at the latest", { needs: ["nanoseconds"], lower: { f: large } }, ({ merged, upper, lower, remount }) => {
    const wrote = outcome(() => {
      merged.with("f", O_WRONLY, (opened) => {
        opened.write("changed", 0);
        opened.sync();
      });
    });
    expect(wrote).toBe("ENOSPC");
    expect(upper.exists("f")).toBe(false);
    expect(lower.read("f").slice(0, 10)).toBe("large file");
    expect(merged.read("f").slice(0, 10)).toBe("large file");
    // Till then the kernel's cache keeps the time of the write that came to nothing.
    remount();
    expect(merged.stat("f").mtime).toBe(OLD);
  });

  it("the work directory holds nothing after a copy-up that failed", { lower: { f: large } }, ({ merged, fixture }) => {
    expect(outcome(() => merged.chown("f", 1, 1))).toBe("ENOSPC");
    expect(fixture.workLeftovers()).toEqual([]);
  });

  it("a file truncated to nothing needs no room", { lower: { f: large } }, ({ merged, upper }) => {
    merged.write("f", "small");
    expect(upper.read("f")).toBe("small");
  });

  it("a new file that fills the disk is refused with ENOSPC and can be deleted", { lower: { other: file("x") } }, ({ merged }) => {
    expect(outcome(() => fillUp(merged))).toBe("ENOSPC");
    merged.unlink("f");
    merged.append("other", "y");
    expect(merged.read("other")).toBe("xy");
  });

  it("a new file that fits but for its end is refused as well, by fsync at the latest", { lower: {} }, ({ merged }) => {
    for (const more of [4, 52, 100, 1000]) {
      const wrote = outcome(() => {
        merged.with("f", O_RDWR | O_CREAT, (opened) => {
          // By pages, as write(2) itself may write less than all.
          for (let at = 0; at < 3000 + more; at += 4) opened.write(Buffer.alloc(4 * KIB, 1), at * KIB);
          opened.sync();
        });
      });
      expect(wrote).toBe("ENOSPC");
      merged.unlink("f");
    }
  });

  it("a file that could not be extended has its former size again, and goes on from there", { lower: { log: file("one ") } }, async ({ merged }) => {
    const { free, blockSize } = statfs(merged.path);
    merged.write("filler", Buffer.alloc(free * blockSize - 40 * KIB, 1));
    const wrote = outcome(() => {
      merged.with("log", O_WRONLY, (opened) => {
        for (let at = 0; at < 100 * KIB; at += 4 * KIB) opened.write(Buffer.alloc(4 * KIB, "two "), 4 + at);
        opened.sync();
      });
    });
    expect(wrote).toBe("ENOSPC");
    merged.unlink("filler");
    await vi.waitFor(() => { expect(merged.stat("log").size).toBeLessThanOrEqual(44 * KIB); });
    const read = merged.read("log");
    expect(read).toBe(`one ${"two ".repeat(30 * KIB)}`.slice(0, read.length));
    merged.append("log", "three");
    expect(merged.read("log")).toBe(`${read}three`);
    merged.truncate("log", 4);
  });

  it("what a deletion frees is there at once, again and again", { lower: { d: dir(many) } }, ({ merged, fixture }) => {
    for (const name of Object.keys(many)) {
      expect(outcome(() => fillUp(merged))).toBe("ENOSPC");
      merged.unlink("f");
      const { free, blockSize } = statfs(fixture.merged.path);
      expect(free * blockSize).toBeGreaterThan(2500 * KIB);
      merged.append(`d/${name}`, "y");
      expect(merged.read(`d/${name}`)).toBe("xy");
    }
  });

  it("deletions work on a full disk, and small changes after them", { lower: { a: file("a"), b: file("b") }, upper: { filler: file(Buffer.alloc(100 * KIB, 7)) } }, ({ merged, upper }) => {
    merged.unlink("a");
    merged.unlink("filler");
    merged.append("b", "!");
    expect(upper.stat("a").device).toBe("0,0");
    expect(merged.read("b")).toBe("b!");
  });
});
