/** What bad input gets: one sentence that names the option and the remedy, status 1, nothing mounted, nothing left behind. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { differences } from "../harness/compare.js";
import { dir, file, symlink } from "../harness/layers.js";
import { mustRun, run, waitUntil, type Finished } from "../harness/processes.js";
import { CLI } from "../harness/mounters.js";
import type { Snapshot } from "../harness/snapshot.js";
import { Place, USUAL } from "./command.js";

const NOBODY = 65534;

let place: Place;
let before: Snapshot;
let mountsBefore: readonly string[];

beforeEach(() => {
  place = new Place({ file: file("a file"), dangling: symlink("nowhere"), inside: dir({ sub: dir({}) }), locked: dir({ f: file() }, { mode: 0o700 }) });
  remember();
});

afterEach(() => { place.end(); });

function remember(): void {
  before = place.picture();
  mountsBefore = place.mounts();
}

/** Refused in one sentence with all of `words` in it, and the place as it was. */
function expectRefusal(finished: Finished, ...words: readonly RegExp[]): void {
  expect(finished.status).toBe(1);
  expect(finished.stdout).toBe("");
  expect(finished.stderr.trimEnd().split("\n").length).toBe(1);
  for (const word of words) expect(finished.stderr).toMatch(word);
  expect(place.mounts()).toEqual(mountsBefore);
  if (mountsBefore.length === 0) {
    expect(waitUntil(() => place.processes().length === 0)).toBe(true);
    expect(differences(place.picture(), before, (picture) => ({ ...picture, atime: "" }))).toEqual([]);
  }
}

describe("layers that can't be", () => {
  it("a missing lower", () => { expectRefusal(place.ovlfs(["mount", "--lower", "none", "--upper", "u", "--work", "w", "m"]), /lower/, /none/); });
  it("one missing lower of several", () => { expectRefusal(place.ovlfs(["mount", "--lower", "l:none", "m"]), /lower/, /none/); });
  it("a missing upper", () => { expectRefusal(place.ovlfs(["mount", "--lower", "l", "--upper", "none", "--work", "w", "m"]), /upper/, /none/); });
  it("a missing work directory", () => { expectRefusal(place.ovlfs(["mount", "--lower", "l", "--upper", "u", "--work", "none", "m"]), /work/, /none/); });
  it("a file as lower", () => { expectRefusal(place.ovlfs(["mount", "--lower", "file", "m"]), /lower/, /director/); });
  it("a file as upper", () => { expectRefusal(place.ovlfs(["mount", "--lower", "l", "--upper", "file", "--work", "w", "m"]), /upper/, /director/); });
  it("a file as work directory", () => { expectRefusal(place.ovlfs(["mount", "--lower", "l", "--upper", "u", "--work", "file", "m"]), /work/, /director/); });
  it("a dangling symlink as lower", () => { expectRefusal(place.ovlfs(["mount", "--lower", "dangling", "m"]), /lower/); });
  it("no lower at all", () => { expectRefusal(place.ovlfs(["mount", "--upper", "u", "--work", "w", "m"]), /lower/); });
  it("an empty lower among others", () => { expectRefusal(place.ovlfs(["mount", "--lower", "l::l", "m"]), /lower/); });
  it("an upper without a work directory", () => { expectRefusal(place.ovlfs(["mount", "--lower", "l", "--upper", "u", "m"]), /--work/); });
  it("a work directory without an upper", () => { expectRefusal(place.ovlfs(["mount", "--lower", "l", "--work", "w", "m"]), /--upper/); });
  it("the same directory as upper and work", () => { expectRefusal(place.ovlfs(["mount", "--lower", "l", "--upper", "u", "--work", "u", "m"]), /upper/, /work/); });
  it("a work directory inside the upper", () => { expectRefusal(place.ovlfs(["mount", "--lower", "l", "--upper", "inside", "--work", "inside/sub", "m"]), /upper/, /work/); });
  it("an upper inside the work directory", () => { expectRefusal(place.ovlfs(["mount", "--lower", "l", "--upper", "inside/sub", "--work", "inside", "m"]), /upper/, /work/); });

  it("a layer that may not be read", () => {
    mustRun("chown", [String(NOBODY), place.tree.at("m")]);
    remember();
    expectRefusal(place.asUser(NOBODY, '"$@" mount --lower locked m'), /lower/, /locked/, /permission/);
  });

  it("upper and work on different file systems", () => {
    mustRun("mount", ["-t", "tmpfs", "-o", "size=1m", "ovlfs-test", place.tree.at("w")]);
    remember();
    expectRefusal(place.ovlfs(["mount", ...USUAL, "m"]), /upper/, /work/, /file system/);
    mustRun("umount", [place.tree.at("w")]);
  });

  it("a work directory in use by another live mount, which goes on", () => {
    place.tree.mkdir("m2");
    place.tree.mkdir("u2");
    expect(place.ovlfs(["mount", ...USUAL, "m"])).toMatchObject({ status: 0 });
    remember();
    expectRefusal(place.ovlfs(["mount", "--lower", "l", "--upper", "u2", "--work", "w", "m2"]), /work/, /in use/);
    expect(place.tree.read("m/f")).toBe("content");
    place.tree.write("m/new", "still works");
    expect(place.ovlfs(["umount", "m"])).toMatchObject({ status: 0 });
    expect(place.tree.read("u/new")).toBe("still works");
  });

  it("an upper in use by another live mount, which goes on", () => {
    place.tree.mkdir("m2");
    place.tree.mkdir("w2");
    expect(place.ovlfs(["mount", ...USUAL, "m"])).toMatchObject({ status: 0 });
    remember();
    expectRefusal(place.ovlfs(["mount", "--lower", "l", "--upper", "u", "--work", "w2", "m2"]), /upper/, /in use/);
    expect(place.ovlfs(["umount", "m"])).toMatchObject({ status: 0 });
  });
});

describe("mountpoints that can't be", () => {
  it("a missing one", () => { expectRefusal(place.ovlfs(["mount", ...USUAL, "none"]), /mount ?point/, /none/); });
  it("a file", () => { expectRefusal(place.ovlfs(["mount", ...USUAL, "file"]), /mount ?point/, /director/); });
  it("none at all", () => { expectRefusal(place.ovlfs(["mount", ...USUAL]), /mount ?point|MERGED/); });
  it("two of them", () => { expectRefusal(place.ovlfs(["mount", ...USUAL, "m", "file", "l"]), /file|more|too many|unexpected/); });

  it("another user's directory", () => {
    mustRun("chown", ["-R", String(NOBODY), place.tree.at("u"), place.tree.at("w")]);
    remember();
    expectRefusal(place.asUser(NOBODY, '"$@" mount --lower l --upper u --work w m'), /permission|write access/i, /\/m'/);
  });

  it("a stale mount left by a killed daemon, which umount then frees", () => {
    expect(place.ovlfs(["mount", ...USUAL, "m"])).toMatchObject({ status: 0 });
    for (const pid of place.processes()) process.kill(pid, "SIGKILL");
    waitUntil(() => place.processes().length === 0);
    mountsBefore = place.mounts();
    const again = place.ovlfs(["mount", ...USUAL, "m"]);
    expect(again.status).toBe(1);
    expect(again.stderr).toMatch(/stale/);
    expect(again.stderr).toMatch(/ovlfs umount/);
    expect(place.mounts()).toEqual(mountsBefore);
    expect(place.ovlfs(["umount", "m"])).toMatchObject({ status: 0, stderr: "" });
    expect(place.isMounted()).toBe(false);
    expect(place.ovlfs(["mount", ...USUAL, "m"])).toMatchObject({ status: 0, stderr: "" });
    expect(place.tree.read("m/f")).toBe("content");
  });

  it.each([["the lower itself", "l"], ["the upper itself", "u"]])("%s is covered and works all the same", (_, point) => {
    expect(place.ovlfs(["mount", ...USUAL, point])).toMatchObject({ status: 0, stderr: "" });
    expect(run("sh", ["-c", `cat ${point}/f && echo new > ${point}/new && ls ${point}`], { cwd: place.path, milliseconds: 10_000 }))
      .toMatchObject({ status: 0, stdout: "contentf\nnew\n" });
    expect(place.ovlfs(["umount", point])).toMatchObject({ status: 0, stderr: "" });
    expect(place.tree.read("u/new")).toBe("new\n");
  });

  it.each([["a directory in the lower", "l"], ["a directory in the upper", "u"]])("%s works without a hang", (_, layer) => {
    place.tree.mkdir(`${layer}/point`);
    expect(place.ovlfs(["mount", ...USUAL, `${layer}/point`])).toMatchObject({ status: 0, stderr: "" });
    expect(run("sh", ["-c", `cat ${layer}/point/f && ls -R ${layer}/point && echo new > ${layer}/point/point/new`], { cwd: place.path, milliseconds: 10_000 }))
      .toMatchObject({ status: 0, stderr: "" });
    expect(place.ovlfs(["umount", `${layer}/point`])).toMatchObject({ status: 0, stderr: "" });
    expect(place.tree.read("u/point/new")).toBe("new\n");
  });
});

describe("machines that can't", () => {
  it("no /dev/fuse", () => {
    expectRefusal(place.withOwnDevices("true", [process.execPath, CLI, "mount", ...USUAL, "m"]), /\/dev\/fuse/);
  });

  it("a /dev/fuse that the user may not open", () => {
    mustRun("chown", ["-R", String(NOBODY), place.tree.at("u"), place.tree.at("w"), place.tree.at("m")]);
    remember();
    const user = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", process.execPath, CLI, "mount", ...USUAL, "m"];
    expectRefusal(place.withOwnDevices("mknod -m 600 dev/fuse c 10 229", user), /\/dev\/fuse/, /permission/i);
  });
});

describe("words that mean nothing", () => {
  it("an unknown mount option is named", () => { expectRefusal(place.ovlfs(["mount", ...USUAL, "-o", "noatime,sparkle=1", "m"]), /sparkle/); });
  it("an unknown flag is named", () => { expectRefusal(place.ovlfs(["mount", ...USUAL, "--sparkle", "m"]), /--sparkle/); });
  it("an unknown transport is named", () => { expectRefusal(place.ovlfs(["mount", ...USUAL, "--transport", "pigeon", "m"]), /pigeon/); });
  it("a flag without its value is named", () => { expectRefusal(place.ovlfs(["mount", "m", "--lower"]), /--lower/); });
  it("unmounting what is not mounted", () => { expectRefusal(place.ovlfs(["umount", "m"]), /not mounted/); });
  it("unmounting what is missing", () => { expectRefusal(place.ovlfs(["umount", "none"]), /none/); });

  it("unmounting another's mount", () => {
    mustRun("mount", ["-t", "tmpfs", "-o", "size=1m", "ovlfs-test", place.tree.at("m")]);
    remember();
    expectRefusal(place.ovlfs(["umount", "m"]), /tmpfs/);
    mustRun("umount", [place.tree.at("m")]);
  });

  it("unmounting a busy mount, which goes on", () => {
    expect(place.ovlfs(["mount", ...USUAL, "m"])).toMatchObject({ status: 0 });
    remember();
    const opened = place.tree.open("m/f");
    expectRefusal(place.ovlfs(["umount", "m"]), /busy/);
    expect(opened.read(0, 10)).toBe("content");
    opened.close();
    expect(place.ovlfs(["umount", "m"])).toMatchObject({ status: 0, stderr: "" });
  });
});
