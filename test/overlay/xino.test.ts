/** Inode numbers where the layers lie on several file systems: one device, each number once, and constant. */
import { join } from "node:path";
import { expect } from "vitest";
import { buildLayer, dir, file, symlink } from "../harness/layers.js";
import { kernel, ovlfs } from "../harness/mounters.js";
import { overlay, type CaseBody, type Scene } from "../harness/overlay-cases.js";
import type { OverlayFixture } from "../harness/overlay-fixture.js";
import { mustRun } from "../harness/processes.js";
import type { Tree } from "../harness/tree.js";

const NAMES = Array.from({ length: 20 }, (_, index) => `f${index}`);
const files = (): Record<string, ReturnType<typeof file>> => Object.fromEntries(NAMES.map((name) => [name, file(name)]));

/** Each lower is put on a tmpfs of its own, where the numbers are the same low ones; the upper is on a third. */
function spread({ lowers, place }: OverlayFixture): void {
  for (const { path } of lowers) {
    const copy = join(place, "copy");
    mustRun("cp", ["-a", path, copy]);
    mustRun("mount", ["-t", "tmpfs", "ovlfs-test", path]);
    mustRun("cp", ["-a", `${copy}/.`, path]);
    mustRun("rm", ["-r", copy]);
  }
  buildLayer(lowers[1]!.at("more"), dir(files()));
}

const scene: Scene = { lower: [{ top: dir(files()), d: dir({ a: file() }) }, { low: dir({ ...files(), l: symlink("t") }), d: dir({ b: file() }) }], upper: { up: dir(files()) } };

const oneDevice: CaseBody = ({ merged, fixture }) => {
  const paths = [...["top", "low", "up"].flatMap((name) => [name, ...NAMES.map((below) => `${name}/${below}`)]), "low/l", "d", "d/a", "d/b"];
  const all = [...paths.map((path) => merged.stat(path)), ...NAMES.map((name) => fixture.merged.stat(`more/${name}`))];
  expect(new Set(all.map((one) => one.dev)).size).toBe(1);
  expect(new Set(all.map((one) => one.ino)).size).toBe(all.length);
  for (const directory of ["", "top", "low", "up", "d"]) {
    for (const entry of merged.entries(directory)) {
      if (!entry.name.startsWith(".")) expect(entry.ino).toBe(merged.stat(join(directory, entry.name)).ino);
    }
  }
};

const constant: CaseBody = ({ merged, remount }) => {
  const paths = ["top/f1", "low/f1", "up/f1", "low/l", "top", "low", "d", "d/a", "d/b"];
  const numbers = (tree: Tree): unknown[] => paths.map((path) => [path, tree.stat(path).ino]);
  const before = numbers(merged);
  for (const path of ["top/f1", "low/f1", "up/f1", "d/a", "d/b"]) merged.append(path, "!");
  merged.chown("low/l", 5, 6);
  merged.chmod("low", 0o700);
  expect(numbers(merged)).toEqual(before);
  merged.rename("low/f1", "d/moved");
  expect(["low/f1", merged.stat("d/moved").ino]).toEqual(before[1]);
  remount();
  expect(["low/f1", merged.stat("d/moved").ino]).toEqual(before[1]);
  merged.rename("d/moved", "low/f1");
  expect(numbers(merged)).toEqual(before);
};

for (const mode of ["on", "auto"]) {
  // libfuse 2 gives out numbers of its own, 32 bits wide.
  const setup = { options: [`xino=${mode}`], upperKiB: 4096, prepare: spread, mounters: [kernel, ovlfs] };
  overlay(`layers on three file systems with xino=${mode}`, setup, (it) => {
    it("everything is on one device, each number there once, in listings too", scene, oneDevice);
    it("numbers are constant over copy-up, rename and remount", scene, constant);
  });
}

overlay("layers on three file systems with xino=off", { options: ["xino=off"], upperKiB: 4096, prepare: spread }, (it) => {
  it("device and number together say what a file is, and are constant over a copy-up", scene, ({ merged }) => {
    const paths = ["top", "low", "up"].flatMap((name) => NAMES.map((below) => `${name}/${below}`));
    const pair = (path: string): string => `${merged.stat(path).dev} ${merged.stat(path).ino}`;
    expect(new Set(paths.map(pair)).size).toBe(paths.length);
    const before = pair("low/f3");
    merged.append("low/f3", "!");
    expect(pair("low/f3")).toBe(before);
  });
});
