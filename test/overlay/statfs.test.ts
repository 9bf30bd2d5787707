/** The mount as a whole: statfs speaks of the upper's file system, and the mount shows up as what it is. */
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { file } from "../harness/layers.js";
import { kernel } from "../harness/mounters.js";
import { overlay } from "../harness/overlay-cases.js";
import { run } from "../harness/processes.js";
import { statfs } from "../harness/syscalls.js";

overlay("the mount", { upperKiB: 8000 }, (it) => {
  it("statfs gives the sizes of the upper's file system", { lower: { f: file() }, upper: { g: file(Buffer.alloc(100_000, 1)) } }, ({ fixture }) => {
    expect(statfs(fixture.merged.path)).toEqual(statfs(fixture.upper.path));
    expect(statfs(fixture.merged.path).nameLength).toBe(255);
  });

  it("the free space shrinks with what is written", { lower: { f: file() } }, ({ merged, fixture }) => {
    const before = statfs(fixture.merged.path).free;
    merged.write("new", Buffer.alloc(1_000_000, 1));
    expect(before - statfs(fixture.merged.path).free).toBeGreaterThanOrEqual(240);
  });

  it("the mount's type names the implementation", { lower: { f: file() } }, ({ fixture }) => {
    const line = readFileSync("/proc/mounts", "latin1").split("\n").find((one) => one.split(" ")[1] === fixture.merged.path);
    expect(line!.split(" ")[2]).toBe(fixture.mounter === kernel ? "overlay" : "fuse.ovlfs");
  });

  it("find, ls and checksums go through it without an error", { lower: { f: file("x") }, upper: { g: file("y") } }, ({ merged }) => {
    const answer = run("sh", ["-c", "find . -type f | sort | xargs cat && ls -lnR . > /dev/null && find . -type f -exec md5sum {} + > /dev/null"], { cwd: merged.path });
    expect(answer).toEqual({ status: 0, stdout: "xy", stderr: "" });
  });
});
