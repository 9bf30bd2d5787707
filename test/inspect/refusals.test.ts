/** What cannot be looked at ends in one sentence and exit status 1. */
import { chmodSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Place } from "../cli-mount/command.js";
import { dir, file } from "../harness/layers.js";
import { kernel } from "../harness/mounters.js";
import { mustRun } from "../harness/processes.js";

describe("which and explain refuse", () => {
  let place: Place;
  beforeEach(() => { place = new Place({ closed: dir({ f: file("x") }, { mode: 0o700 }), l2: dir({ etc: dir({ g: file("g") }) }) }); });
  afterEach(() => place.end());

  function refusal(...words: string[]): string {
    const { status, stdout, stderr } = place.ovlfs(words);
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^ovlfs: [^\n]+\n$/);
    return stderr.slice("ovlfs: ".length, -1).replaceAll(place.path, "");
  }

  it("a path that lies in no overlay", () => {
    expect(refusal("which", "/proc")).toBe("'/proc' lies in no overlay; name a path in a mounted one, or its layers by --lower and --upper");
  });

  it("a path to nothing", () => {
    expect(refusal("explain", "/proc/nothing/f")).toBe("'/proc/nothing/f' cannot be reached (ENOENT at '/proc/nothing'); name a path in a mounted overlay, or its layers by --lower and --upper");
  });

  it("a layer that does not exist", () => {
    expect(refusal("which", "--lower", "l:nowhere", "/f")).toBe("lower layer '/nowhere' does not exist; create the directory or correct the path");
  });

  it("a layer of a mounted overlay that is gone", ({ skip }) => {
    skip(kernel.unavailable() !== null, kernel.unavailable() ?? "");
    mustRun("mount", ["-t", "overlay", "overlay", "-o", `lowerdir=${place.path}/l:${place.path}/l2`, `${place.path}/m`]);
    place.tree.rename("l2", "moved");
    expect(refusal("which", "m/f")).toBe("lower layer '/l2' does not exist; create the directory or correct the path (a layer of the overlay at '/m')");
    mustRun("umount", [`${place.path}/m`]);
  });

  it("a layer without permission, and an overlay whose marks only root can read", ({ skip }) => {
    skip(process.geteuid!() !== 0, "root is needed to become another user");
    chmodSync(place.path, 0o755);
    const { status, stderr } = place.asUser(1001, '"$@" which --lower closed:l /f');
    expect({ status, stderr: stderr.replaceAll(place.path, "") }).toEqual({ status: 1, stderr: "ovlfs: lower layer '/closed' may not be read by this user; change its permissions or mount as another user\n" });
    skip(kernel.unavailable() !== null, kernel.unavailable() ?? "");
    mustRun("mount", ["-t", "overlay", "overlay", "-o", `lowerdir=${place.path}/l:${place.path}/l2`, `${place.path}/m`]);
    expect(place.asUser(1001, '"$@" which m/f').stderr.replaceAll(place.path, "")).toBe("ovlfs: the marks of the overlay at '/m' are trusted.* xattrs, which only root can read; look at it as root\n");
    mustRun("umount", [`${place.path}/m`]);
  });

  it("a directory on the way that this user cannot enter", ({ skip }) => {
    skip(process.geteuid!() !== 0, "root is needed to become another user");
    chmodSync(place.path, 0o755);
    place.tree.rename("closed", "l2/closed");
    const { status, stdout } = place.asUser(1001, '"$@" which --lower l2 /closed/f');
    expect(status).toBe(1);
    expect(stdout).toContain("/closed/f: refused (EACCES)\n");
    expect(stdout).toContain("because   a layer cannot be read there");
  });

  it("words that name two paths, or half of the layers", () => {
    expect(refusal("which", "a", "b")).toBe("there is one word too many: 'b'; give one path");
    expect(refusal("explain", "--upper", "u", "/f")).toBe("no lower layer is given; name at least one by --lower DIR");
    expect(refusal("which", "--loud", "/f")).toBe("unknown option '--loud'; 'ovlfs which --help' lists all that there are");
  });
});
