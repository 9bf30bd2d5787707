/** ovlfs and fuse-overlayfs, called in the same way on the same layers: the same is shown and stored, but for faults of the other. */
import { lstatSync, mkdirSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { differences, untouched } from "../harness/compare.js";
import { buildLayer, dir, file, type LayerNode } from "../harness/layers.js";
import { CLI } from "../harness/mounters.js";
import { makePlace, removePlace } from "../harness/places.js";
import { mountsBelow, mustRun, processesNaming, run, waitUntil } from "../harness/processes.js";
import { snapshot } from "../harness/snapshot.js";

const programs = { "ovlfs": [process.execPath, CLI], "fuse-overlayfs": ["fuse-overlayfs"] } as const;
type Program = keyof typeof programs;

const missing = run("fuse-overlayfs", ["--version"]).status === 0 ? null : "fuse-overlayfs is not installed";

/** What a run showed in the merged directory and left in the upper: a line for each name. */
interface Outcome {
  readonly output: string;
  readonly merged: readonly string[];
  readonly upper: readonly string[];
}

/** Mounts `lowers` (topmost first), does `script` in the merged directory, looks, and looks again after a remount. */
function outcome(program: Program, options: string, lowers: readonly LayerNode[], script: string): Outcome {
  const place = makePlace();
  try {
    lowers.forEach((lower, i) => buildLayer(`${place}/l${String(i)}`, lower));
    for (const name of ["u", "w", "m"]) mkdirSync(`${place}/${name}`);
    const before = lowers.map((_, i) => snapshot(`${place}/l${String(i)}`));
    const mount = (): void => {
      const layers = `lowerdir=${lowers.map((_, i) => `l${String(i)}`).join(":")},upperdir=u,workdir=w`;
      const [command, ...words] = [...programs[program], "-o", `${layers}${options}`, "m"];
      mustRun(command, words, { cwd: place });
    };
    mount();
    const done = run("sh", ["-c", script], { cwd: `${place}/m` });
    unmount(place);
    mount();
    const merged = tree(`${place}/m`);
    unmount(place);
    // Reading by fuse-overlayfs moves access times of the lowers.
    if (program === "ovlfs") expect(lowers.flatMap((_, i) => differences(snapshot(`${place}/l${String(i)}`), before[i]!, untouched))).toEqual([]);
    return { output: done.stdout + done.stderr, merged, upper: tree(`${place}/u`) };
  } finally {
    for (const point of mountsBelow(place)) run("umount", ["-l", point]);
    removePlace(place);
  }
}

function unmount(place: string): void {
  mustRun("umount", [`${place}/m`]);
  waitUntil(() => processesNaming(place).length === 0);
}

/** Each name below a directory with its mode and owner; whiteouts and marks of opaque directories too. */
function tree(root: string, below = ""): string[] {
  return readdirSync(`${root}/${below}`).sort().flatMap((name) => {
    const path = below === "" ? name : `${below}/${name}`;
    const found = lstatSync(`${root}/${path}`);
    const line = `${path} ${found.isCharacterDevice() ? "whiteout" : `${found.mode.toString(8)} ${String(found.uid)}:${String(found.gid)}`}`;
    return [line, ...(found.isDirectory() ? tree(root, path) : [])];
  });
}

/** fuse-overlayfs marks an opaque directory by files in it as well as by an xattr; one of them is a fault. */
function withoutMarks(theirs: Outcome): Outcome {
  return { ...theirs, upper: theirs.upper.filter((line) => !line.includes(".wh.")) };
}

const owned = (uid: number, mode = 0o644): LayerNode => file("x", { uid, gid: uid, mode });
const as = (id: number, command: string): string => `setpriv --reuid=${String(id)} --regid=${String(id)} --clear-groups ${command}`;

describe.skipIf(missing !== null)("the same is shown and stored", () => {
  it.each([
    ["a map of ids", ",uidmapping=:0:100000:5000,gidmapping=:0:100000:5000"],
    ["a map in several ranges", ",uidmapping=0:100000:10:10:0:10,gidmapping=0:100000:10:10:0:10"],
    ["squashed owners", ",squash_to_uid=1000,squash_to_gid=100"],
    ["squash_to_root", ",squash_to_root"],
    ["squash_to_root and a map", ",squash_to_root,uidmapping=0:100000:5000,gidmapping=0:100000:5000"],
    ["neither", ""],
  ])("with %s", (_, options) => {
    const lower = dir({ a: owned(0), b: owned(7), c: owned(6000), open: dir({}, { mode: 0o777 }) }, { mode: 0o777 });
    const script = `${as(100_003, "touch open/mine")}; mkdir d; chown 100004:100005 a; chmod 600 c; rm b; touch b`;
    const ours = outcome("ovlfs", options, [lower], script);
    const theirs = outcome("fuse-overlayfs", options, [lower], script);
    expect(ours.merged.length).toBeGreaterThan(4);
    expect(ours).toEqual(withoutMarks(theirs));
  });

  it("of layers with marks of OCI images", () => {
    const lowers = [
      dir({ ".wh.f": file(), o: dir({ ".wh..wh..opq": file(), new: file() }), d: dir({ ".wh.x": file() }) }),
      dir({ f: file(), g: file(), o: dir({ old: file() }), d: dir({ x: file(), y: file() }) }),
    ];
    const script = "rm g; rm -r d; ls -A; mkdir f; touch .wh.n 2>&1 | grep -o Invalid";
    const ours = outcome("ovlfs", "", lowers, script);
    expect(ours.output).toBe("o\nInvalid\n");
    const theirs = outcome("fuse-overlayfs", "", lowers, script);
    expect(ours).toEqual(withoutMarks(theirs));
  });
});

describe("what fuse-overlayfs does wrong", () => {
  it("with xattr_permissions=2 a copied file keeps its owner, and a new one has its mode", () => {
    const lower = dir({ c: owned(6000), open: dir({}, { mode: 0o777 }) }, { mode: 0o777 });
    const ours = outcome("ovlfs", ",xattr_permissions=2", [lower], `${as(100_003, "touch open/mine")}; chmod 600 c`);
    expect(ours).toEqual({
      output: "",
      merged: ["c 100600 6000:6000", "open 40777 0:0", "open/mine 100644 100003:100003"],
      upper: ["c 100600 0:0", "open 40777 0:0", "open/mine 100644 0:0"],
    });
  });

  const base = dir({ d: dir({ f1: file("1"), f2: file("2"), f3: file("3") }), many: dir({ f1: file("1") }) });

  it("a directory of a lower that is renamed is copied by mv, and one that is removed and made again is empty", () => {
    const ours = outcome("ovlfs", "", [base], "mv many many2 && rm -rf d && mkdir d && ls d many2");
    expect(ours).toEqual({
      output: "d:\n\nmany2:\nf1\n",
      merged: ["d 40755 0:0", "many2 40755 0:0", "many2/f1 100644 0:0"],
      upper: ["d 40755 0:0", "many whiteout", "many2 40755 0:0", "many2/f1 100644 0:0"],
    });
  });

  it("a rename of it by the system call alone is refused with EXDEV", () => {
    const rename = "python3 -c 'import os; os.rename(\"many\", \"many2\")' 2>&1 | grep -o 'Errno 18'";
    expect(outcome("ovlfs", "", [base], rename).output).toBe("Errno 18\n");
  });

  it("names of marks are refused for directories, links and renames too, and nothing is lost", () => {
    const ours = outcome("ovlfs", "", [base], "mkdir .wh.d; mv many .wh.many; ln -s x .wh.l; ls");
    expect(ours.output).toMatch(/^d\nmany\n/);
    expect(ours.output).toMatch(/'?.wh.d'?.*: Invalid argument/);
    // What mv makes of it.
    expect(ours.output).toMatch(/cannot move 'many' to a subdirectory of itself, '.wh.many'/);
    expect(ours.output).toMatch(/'?.wh.l'?.*: Invalid argument/);
    expect(ours.upper).toEqual([]);
  });
});
