/** Chapter: as many layers as Docker allows. */
import { gone, mounted, printed, reads, unmounted, whiteout } from "../claims.js";
import type { LayerTree } from "../layers.js";
import type { Chapter } from "../lesson.js";
import { markName, mountCommand, umountCommand, type Situation } from "../situation.js";

const COUNT = 128;

const numbers = Array.from({ length: COUNT }, (_, i) => String(i + 1).padStart(3, "0"));

/** A name as long as those of engines, which name layers by hashes. */
const longName = (number: string): string => `layers/${number}-${"0123456789abcdef".repeat(4)}`;

function layerOf(number: string): LayerTree {
  return { version: `written by layer ${number}\n`, [`file-${number}`]: `of layer ${number}\n` };
}

const layers = Object.fromEntries(numbers.map((number) => [longName(number), layerOf(number)]));
const lowers = numbers.map(longName).reverse();

const shown = ["128", "127", "001"].map(longName);
const focus = ["version", "file-128", "file-001"];

const LONG_LIST = '"$(ls -dr layers/* | paste -sd: -)"';
const SHORT_LIST = '"$(ls -dr l/* | paste -sd: -)"';

/** The newer interface to mounts, which a newer mount(8) prefers, is told of layers one by one and has other limits. */
const mountMany = (situation: Situation, list: string): string => (isKernel(situation) ? "LIBMOUNT_FORCE_MOUNT2=always " : "") + mountCommand(situation, list);

const isKernel = (situation: Situation): boolean => situation.mounter === "kernel";

export const manyLayers: Chapter = {
  title: "128 layers",
  intro: `Each command of a Dockerfile can make a layer. Docker allows ${COUNT} of them below a container. Here are that many, each with a file "version" of its own and a file that no other has. Layer 128 is the topmost.`,
  layers,
  lowers,
  steps: [
    {
      title: "The list of layers is long",
      say: "Engines name layers by hashes, so the names are long. This is the length of the list for the mount, in bytes.",
      acts: ["ls -dr layers/* | paste -sd: - | wc -c"],
      why: "mount(2) takes its options in one page of memory, which is 4096 bytes on most machines. This list does not fit. (Newer kernels have a second interface, fsconfig(2), which takes layers one by one.)",
      claims: [{ text: "the list is longer than 4096 bytes", holds: (scene) => Number(scene.printed) > 4096 }],
    },
    {
      title: "The kernel's overlay cannot be told so many",
      say: "Here is the mount all the same. (The variable keeps a newer mount(8) to mount(2).)",
      acts: [{ refused: (situation) => mountMany(situation, LONG_LIST), words: "mount: " }],
      why: "The page was full in the middle of a name. That is why Docker makes a short symlink for each layer in a directory l, and mounts from there.",
      claims: [unmounted],
      belongs: isKernel,
    },
    {
      title: "Short names for the layers",
      say: "Docker's way out: a symlink with a short name for each layer, and the mount made with those.",
      acts: ["mkdir l", "for d in layers/*; do n=${d#layers/}; ln -s ../$d l/${n%%-*}; done", "ls -dr l/* | paste -sd: - | wc -c", (situation) => mountMany(situation, SHORT_LIST), "cat merged/version", "ls merged | wc -l"],
      view: { focus, lowers: shown },
      why: "All layers are merged: 128 files and the one of which each layer has its own. Of that, the topmost is seen.",
      claims: [mounted, reads("merged/version", "written by layer 128\n"), reads("merged/file-001", "of layer 001\n"), printed("\n129\n")],
    },
    {
      title: "With the long names",
      say: "ovlfs gets its layers from the command line, not through mount(2), so a page does not limit it.",
      acts: [umountCommand, (situation) => mountMany(situation, LONG_LIST), "cat merged/version", "ls merged | wc -l"],
      why: "The same view. The kernel's overlay allows 500 lowers, ovlfs more.",
      claims: [mounted, reads("merged/version", "written by layer 128\n"), printed("\n129\n")],
      belongs: (situation) => !isKernel(situation),
    },
    {
      title: "A change, 128 layers above",
      say: "A file of the lowest layer is edited, and the file of all layers is deleted.",
      acts: ["echo edited >>merged/file-001", "rm merged/version"],
      view: { focus, lowers: shown },
      why: (situation) => `Depth changes nothing: one copy in the upper, one whiteout for 128 files. A name that is nowhere, though, has to be looked for in each layer once. (Nor does the upper say which layer a copy is from, but for the handle in ${markName(situation, "origin")}.)`,
      claims: [reads("merged/file-001", "of layer 001\nedited\n"), reads("upper/file-001", "of layer 001\nedited\n"), gone("merged/version"), whiteout("upper/version")],
    },
  ],
  summary: [
    "Any number of layers is merged by the same rule: the topmost wins.",
    "Through mount(2), the page of options limits the kernel's overlay first; short symlinks help.",
    "Files that upper layers hide, or delete, still take their space below: squash, or delete in the layer that made them.",
  ],
  reading: ["docs/performance.md (deep stacks)", "docs/differences.md"],
};
