/** Chapter: a lower file of two names is changed. */
import { mounted, oneFile, printed, reads, there, twoFiles } from "../claims.js";
import { hardLink, type LayerTree } from "../layers.js";
import type { Chapter, Claim } from "../lesson.js";
import { mountCommand, umountCommand, type Situation } from "../situation.js";

const base: LayerTree = { etc: { hosts: "127.0.0.1 localhost\n" }, lib: { one: "shared\n", two: hardLink("one") } };

const mountBase = (situation: Situation): string => mountCommand(situation, "base");
const mountIndexed = (situation: Situation): string => mountCommand(situation, "base", ["index=on"]);

const indexed: Claim = {
  text: "work/index holds one more name of upper/lib/one",
  holds: (scene) => scene.below("work").some((path) => path.startsWith("index/") && scene.at(`work/${path}`)?.inode === scene.at("upper/lib/one")?.inode),
};

const needsTrusted = (situation: Situation): string | undefined => (situation.trusted ? undefined : "index=on needs file handles of the lower, which only root may open; for others the option has no effect. Run the tour as root to see it.");

export const hardLinks: Chapter = {
  title: "Hard links: broken by default, kept with index",
  intro: "Two names can be one file: hard links. In base here, lib/one and lib/two are one file of the text 'shared'. What becomes of them when one is edited?",
  layers: { base },
  lowers: ["base"],
  steps: [
    {
      title: "Two names, one file",
      say: "%h is the number of names of a file.",
      acts: [mountBase, "stat -c '%h names: %n' merged/lib/one merged/lib/two"],
      view: { focus: ["lib"] },
      why: "As long as nothing is changed, both are the one file of base.",
      claims: [mounted, printed("2 names: merged/lib/one"), oneFile("merged/lib/one", "merged/lib/two"), oneFile("base/lib/one", "base/lib/two")],
    },
    {
      title: "One of them is edited",
      say: "On any other file system, two would read the new line as well.",
      acts: ["echo more >>merged/lib/one", "cat merged/lib/two"],
      view: { focus: ["lib"] },
      why: "Only lib/one was copied up. lib/two is still the old file of base: the link is broken. The kernel's document calls this non-standard behaviour, and it is the default.",
      claims: [reads("merged/lib/one", "shared\nmore\n"), reads("merged/lib/two", "shared\n"), twoFiles("merged/lib/one", "merged/lib/two")],
    },
    {
      title: "A fresh container with index=on",
      say: "The option index=on makes the overlay keep an index of files with several names.",
      acts: [umountCommand, "rm -r upper work", "mkdir upper work", mountIndexed, "echo more >>merged/lib/one", "cat merged/lib/two"],
      fresh: true,
      view: { focus: ["lib"] },
      why: "Now lib/two shows the new line, although the upper has no lib/two. The copy has a second name in work/index: the file handle of the lower file, in hex. Who opens lib/two finds the lower file, looks its handle up in the index, and gets the copy. (This index is the one thing in work that has to be kept.)",
      claims: [mounted, reads("merged/lib/one", "shared\nmore\n"), reads("merged/lib/two", "shared\nmore\n"), oneFile("merged/lib/one", "merged/lib/two"), there("upper/lib/one"), indexed, reads("base/lib/one", "shared\n")],
      skip: needsTrusted,
    },
    {
      title: "The number of names",
      say: "In the upper the copy has two names, too: the file itself and its index entry. What does merged say?",
      acts: ["stat -c '%h names: %n' merged/lib/one merged/lib/two upper/lib/one"],
      why: "merged counts the names that merged has. The overlay notes the difference in an xattr (nlink).",
      claims: [printed("2 names: merged/lib/one"), printed("2 names: merged/lib/two")],
      skip: needsTrusted,
    },
  ],
  summary: [
    "By default a copy-up breaks hard links: the other names stay with the lower file.",
    "With index=on all names follow the copy, found through work/index.",
    "Docker mounts with index=off, so in its containers links break.",
  ],
  reading: ["docs/architecture.md (index-directory.ts, link-up.ts)", "docs/differences.md"],
};
