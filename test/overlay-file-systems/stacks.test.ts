/**
 * The same cases on real file systems: lowers and uppers on each, and lowers on all of them at once. A run of
 * the whole suite takes each file system once; OVLFS_TEST_FILE_SYSTEMS=all takes every lower with every upper.
 */
import { overlay } from "../harness/overlay-cases.js";
import type { FileSystemName } from "../harness/file-systems.js";
import { kernel, ovlfs } from "../harness/mounters.js";
import type { Placement } from "../harness/overlay-fixture.js";
import { fileSystemCases } from "./cases.js";

const LOWERS: readonly FileSystemName[] = ["ext4", "xfs", "btrfs", "tmpfs", "squashfs", "erofs", "kernel overlay", "ovlfs mount"];
const UPPERS: readonly FileSystemName[] = ["ext4", "xfs", "btrfs", "tmpfs"];

/** Each lower with one upper, each upper twice. */
const quick: readonly Placement[] = LOWERS.map((lower, index) => ({ lowers: [lower], upper: UPPERS[(index + 1) % UPPERS.length]! }));
const full: readonly Placement[] = UPPERS.flatMap((upper) => LOWERS.map((lower) => ({ lowers: [lower], upper })));
const mixed: readonly Placement[] = [{ lowers: ["squashfs", "xfs"], upper: "ext4" }, { lowers: ["ovlfs mount", "btrfs"], upper: "tmpfs" }];
const mixedFull: readonly Placement[] = UPPERS.flatMap((upper) => LOWERS.map((lower, index) => ({ lowers: [lower, LOWERS[(index + 1) % LOWERS.length]!], upper })));
/** Those two share blocks between lower and upper. */
const SHARING: readonly FileSystemName[] = ["xfs", "btrfs"];
const together = (kinds: readonly FileSystemName[]): Placement[] => kinds.map((kind) => ({ lowers: [kind], upper: kind, together: true }));

const isFull = process.env.OVLFS_TEST_FILE_SYSTEMS === "all";
const placements = isFull ? [...together(UPPERS), ...full, ...mixed, ...mixedFull] : [...together(SHARING), ...quick, ...mixed];

for (const on of placements) {
  const title = on.together === true ? `all on ${on.upper}` : `lowers on ${on.lowers.join(" and ")}, upper on ${on.upper}`;
  overlay(title, { on, mounters: [kernel, ovlfs] }, (it) => { fileSystemCases(it, on); });
}
