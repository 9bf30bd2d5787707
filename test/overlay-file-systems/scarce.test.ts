/**
 * Changes at random on an upper that is full most of the time, in bytes or in inodes: what is refused has changed nothing,
 * what is not has been done whole, through remounts and for the kernel's overlay too.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildLayer, dir, file } from "../harness/layers.js";
import { kernel, ovlfs, type Mounter } from "../harness/mounters.js";
import { makePlace, removePlace } from "../harness/places.js";
import { mountsBelow, mustRun, processesNaming, run, waitUntil } from "../harness/processes.js";
import { Sequence } from "../harness/sequence.js";
import { snapshot } from "../harness/snapshot.js";
import { outcome } from "../harness/syscalls.js";
import { Tree } from "../harness/tree.js";
import { O_CREAT, O_EXCL, O_WRONLY } from "../../src/sys/constants.js";

const STEPS = 240;
const STEPS_A_MOUNT = 60;
const SCARCE = "size=700k,nr_inodes=90";
const PLENTY = "size=20m,nr_inodes=5000";
const SIZES = [1, 100, 4096, 20_000, 90_000];
const DIRECTORIES = ["d0", "d1", "d2"];

/** Of a file: it begins with `least` and is a beginning of `most`, which differ where a write was refused in its course. */
interface Content {
  readonly least: string;
  readonly most: string;
}

let place: string;

beforeEach(() => {
  place = makePlace();
  for (const name of ["merged", "disk"]) mkdirSync(join(place, name));
});

afterEach(() => {
  for (const point of mountsBelow(place)) run("umount", ["-l", point]);
  waitUntil(() => processesNaming(place).length === 0);
  removePlace(place);
});

class Scene {
  readonly merged = new Tree(join(place, "merged"));
  readonly files = new Map<string, Content>();
  refused = 0;
  readonly #chance: Sequence;

  constructor(seed: number, private readonly options: readonly string[]) {
    this.#chance = new Sequence(seed);
    for (let i = 0; i < 45; i++) this.#know(`${DIRECTORIES[i % 3]!}/f${i}`, this.#text());
    const nodes = (directory: string) => [...this.files].filter(([path]) => path.startsWith(`${directory}/`)).map(([path, { least }]) => [path.slice(3), file(least)] as const);
    buildLayer(join(place, "lower"), dir(Object.fromEntries(DIRECTORIES.map((name) => [name, dir(Object.fromEntries(nodes(name)))]))));
    mustRun("mount", ["-t", "tmpfs", "-o", SCARCE, "ovlfs-test", join(place, "disk")]);
    for (const name of ["upper", "work"]) mkdirSync(join(place, "disk", name));
  }

  mount(mounter: Mounter): void {
    mounter.mount({ cwd: place, lowers: ["lower"], upper: "disk/upper", work: "disk/work", merged: this.merged.path, options: this.options });
  }

  /** With room for what a mount itself makes. */
  remount(from: Mounter, to: Mounter): void {
    from.unmount(this.merged.path);
    run("mount", ["-o", `remount,${PLENTY}`, join(place, "disk")]);
    this.mount(to);
    // There may be more by now than is scarce.
    run("mount", ["-o", `remount,${SCARCE}`, join(place, "disk")]);
  }

  /** What is not as it should be. */
  faults(): string[] {
    const names = DIRECTORIES.flatMap((name) => this.merged.list(name).map((own) => `${name}/${own}`));
    const missing = [...this.files.keys()].filter((path) => !names.includes(path)).map((path) => `${path} is missing`);
    return [...missing, ...names.flatMap((path) => this.#faultOf(path))];
  }

  #faultOf(path: string): string[] {
    const content = this.files.get(path);
    if (content === undefined) return [`${path} is there`];
    const read = this.merged.read(path);
    return read.startsWith(content.least) && content.most.startsWith(read) ? [] : [`${path} has ${read.length} bytes, not ${content.least.length} to ${content.most.length} of the right ones`];
  }

  /** One change of one file. */
  step(number: number): string[] {
    const path = this.#chance.pick([...this.files.keys()].sort());
    const { least, most } = this.files.get(path)!;
    const isKnown = least === most;
    const other = `${this.#chance.pick(DIRECTORIES)}/n${number}`;
    const text = this.#text();
    const { merged } = this;
    switch (this.#chance.below(9)) {
      case 0: case 1:
        if (isKnown && !this.#succeeds(() => { this.#write(path, O_WRONLY, text, least.length); })) this.files.set(path, { least, most: least + text });
        else if (isKnown) this.#know(path, least + text);
        return [];
      case 2:
        if (this.#succeeds(() => { this.#write(other, O_WRONLY | O_CREAT | O_EXCL, text, 0); })) this.#know(other, text);
        else if (merged.exists(other)) this.files.set(other, { least: "", most: text });
        return [];
      case 3: if (this.#succeeds(() => { merged.truncate(path, least.length >> 1); })) this.#know(path, least.slice(0, least.length >> 1)); break;
      case 4: if (this.#succeeds(() => { merged.rename(path, other); })) this.#move(path, other); break;
      case 5: if (this.#succeeds(() => { merged.unlink(path); })) this.files.delete(path); break;
      case 6: this.#succeeds(() => { merged.chmod(path, 0o600 + this.#chance.below(8)); }); break;
      case 7: this.#succeeds(() => { merged.setXattr(path, "trusted.note", text.slice(0, 50)); }); break;
      default: this.#succeeds(() => { merged.setMtime(path, number, 0); });
    }
    return isKnown && this.files.has(path) ? this.#faultOf(path) : [];
  }

  #write(path: string, flags: number, text: string, position: number): void {
    this.merged.with(path, flags, (opened) => {
      for (let at = 0; at < text.length; at += 4096) opened.write(text.slice(at, at + 4096), position + at);
      opened.sync();
    });
  }

  #succeeds(act: () => void): boolean {
    const came = outcome(act);
    if (came === "done") return true;
    expect(came).toBe("ENOSPC");
    this.refused++;
    return false;
  }

  #know(path: string, content: string): void { this.files.set(path, { least: content, most: content }); }

  #move(from: string, to: string): void {
    this.files.set(to, this.files.get(from)!);
    this.files.delete(from);
  }

  #text(): string {
    const size = this.#chance.pick(SIZES);
    return `${this.#chance.below(1e9)} `.repeat(size).slice(0, size);
  }
}

const reason = ovlfs.unavailable() ?? kernel.unavailable();

describe.skipIf(reason !== null)("an upper that is full most of the time", () => {
  it.each([
    { options: [], seeds: [1, 2, 3] },
    { options: ["metacopy=on", "redirect_dir=on"], seeds: [4, 5] },
    { options: ["index=on", "nfs_export=on"], seeds: [6, 7] },
  ])("has each file whole, as it was or as it became ($options)", ({ options, seeds }) => {
    for (const seed of seeds) {
      const scene = new Scene(seed, options);
      const before = snapshot(join(place, "lower"));
      scene.mount(ovlfs);
      for (let number = 0; number < STEPS; number++) {
        expect(scene.step(number)).toEqual([]);
        if (number % STEPS_A_MOUNT !== STEPS_A_MOUNT - 1) continue;
        scene.remount(ovlfs, ovlfs);
        expect(scene.faults()).toEqual([]);
      }
      expect(scene.refused).toBeGreaterThan(0);
      scene.remount(ovlfs, kernel);
      expect(scene.faults()).toEqual([]);
      kernel.unmount(scene.merged.path);
      expect(snapshot(join(place, "lower"))).toEqual(before);
      mustRun("umount", [join(place, "disk")]);
      run("rm", ["-rf", join(place, "lower")]);
    }
  }, 120_000);
});
