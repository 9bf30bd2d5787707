/** Every combination of the features' options, mounted by the kernel and settled by ovlfs: refused by both, or with the same in force. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kernel } from "../harness/mounters.js";
import { makePlace, removePlace } from "../harness/places.js";
import { settle } from "../../src/engine/config.js";
import { OptionError, type FeatureOptions } from "../../src/engine/options.js";
import { bytes } from "../../src/sys/bytes.js";
import { MNT_DETACH } from "../../src/sys/constants.js";
import { native } from "../../src/sys/native.js";

interface Combination {
  readonly hasUpper: boolean;
  /** The option string. */
  readonly words: string;
  readonly options: FeatureOptions;
}

const choices: readonly (readonly [string, keyof FeatureOptions, readonly string[]])[] = [
  ["redirect_dir", "redirectDir", ["on", "follow", "nofollow", "off"]], ["metacopy", "metacopy", ["on", "off"]], ["index", "index", ["on", "off"]],
  ["nfs_export", "nfsExport", ["on", "off"]], ["verity", "verity", ["require"]], ["userxattr", "userxattr", [""]],
];
const SWITCHES = new Set(["metacopy", "index", "nfs_export", "userxattr"]);

/** All of them, each option left out once too. */
function combinations(): Combination[] {
  let all: Combination[] = [true, false].map((hasUpper) => ({ hasUpper, words: "", options: {} }));
  for (const [name, key, values] of choices) {
    all = all.flatMap((one) => [one, ...values.map((value) => ({
      hasUpper: one.hasUpper,
      words: `${one.words},${value === "" ? name : `${name}=${value}`}`,
      options: { ...one.options, [key]: SWITCHES.has(name) ? value !== "off" : value },
    }))]);
  }
  return all;
}

/** Why the kernel's defaults are not those that are written down, or null. */
function otherDefaults(): string | null {
  const wanted = { redirect_dir: "N", redirect_always_follow: "Y", index: "N", metacopy: "N", nfs_export: "N" };
  const others = Object.entries(wanted).filter(([name, value]) => readFileSync(`/sys/module/overlay/parameters/${name}`, "utf8").trim() !== value);
  return others.length === 0 ? null : others.map(([name]) => name).join(", ");
}

describe.skipIf(kernel.unavailable() !== null)("the options against each other", () => {
  let place = "";
  beforeAll(() => {
    place = makePlace();
    for (const name of ["a", "b", "u", "w", "m"]) mkdirSync(join(place, name));
  });
  afterAll(() => {
    native.umount2(bytes(join(place, "m")), MNT_DETACH);
    removePlace(place);
  });

  /** "refused", or the options that are in force beyond the defaults. */
  function byKernel({ hasUpper, words }: Combination): string {
    const at = (name: string): string => join(place, name);
    const layers = `lowerdir=${at("a")}:${at("b")}${hasUpper ? `,upperdir=${at("u")},workdir=${at("w")}` : ""}`;
    if (native.mount(bytes("ovlfs-test"), bytes(at("m")), bytes("overlay"), 0, bytes(layers + words)) < 0) return "refused";
    const line = readFileSync("/proc/self/mounts", "utf8").split("\n").find((mount) => mount.split(" ")[1] === at("m"))!;
    expect(native.umount2(bytes(at("m")), 0)).toBe(0);
    const shown = line.split(" ")[3]!.split(",");
    return choices.flatMap(([name]) => shown.filter((option) => option.split("=")[0] === name)).join(",");
  }

  function byOvlfs({ hasUpper, options }: Combination): string {
    const layers = { lower: [bytes("/a"), bytes("/b")], ...(hasUpper ? { upper: bytes("/u"), work: bytes("/w") } : {}) };
    try {
      const config = settle({ ...layers, ...options }, true, { warn: () => undefined });
      return [
        config.redirectDir === "follow" ? [] : [`redirect_dir=${config.redirectDir}`], config.metacopy ? ["metacopy=on"] : [], config.index && hasUpper ? ["index=on"] : [],
        config.nfsExport ? ["nfs_export=on"] : [], config.verity === "off" ? [] : [`verity=${config.verity}`], config.userxattr ? ["userxattr"] : [],
      ].flat().join(",");
    } catch (error) {
      if (error instanceof OptionError) return "refused";
      throw error;
    }
  }

  it("each combination is refused by both, or leaves the same in force", ({ skip }) => {
    const others = otherDefaults();
    skip(others !== null, `the kernel's module has other defaults: ${others}`);
    const all = combinations();
    const outcome = (by: (one: Combination) => string): string[] => all.map((one) => `${one.hasUpper ? "upper" : "no upper"}${one.words}: ${by(one)}`);
    expect(outcome(byOvlfs)).toEqual(outcome(byKernel));
    expect(all.length).toBe(1080);
  }, 120_000);
});
