/** Chapter: a directory is deleted and made again. */
import { directory, empty, gone, marked, mounted, reads, unmarked, whiteout } from "../claims.js";
import type { Chapter } from "../lesson.js";
import { markName } from "../situation.js";
import { image, imageLowers, mountImage } from "./image.js";

export const opaque: Chapter = {
  title: "A directory made anew: opaque",
  intro: "Directories of one name are merged. But who deletes a directory and makes it again wants an empty one, not the old files.",
  layers: image,
  lowers: imageLowers,
  steps: [
    {
      title: "The directory is deleted",
      say: "base has two files in var/cache.",
      acts: [mountImage, "rm -r merged/var/cache"],
      view: { focus: ["var"] },
      why: "A whiteout stands for the deleted directory, as in chapter 4. Some pages say that a deleted directory becomes an opaque one. It does not: see the next step.",
      claims: [mounted, gone("merged/var/cache"), whiteout("upper/var/cache"), reads("base/var/cache/a", "old a\n")],
    },
    {
      title: "It is made again",
      say: "Now there is a directory in the upper and one in base. They must not be merged.",
      acts: ["mkdir merged/var/cache", "ls -A merged/var/cache"],
      view: { focus: ["var"] },
      why: (situation) => `The directory took the place of the whiteout, and it has a mark: ${markName(situation, "opaque")}="y". An opaque directory is not merged with those below it. (Type 'getfattr -d -m - upper/var/cache' to see the mark.)`,
      claims: [directory("upper/var/cache"), marked("upper/var/cache", "opaque", "y"), empty("merged/var/cache"), reads("base/var/cache/a", "old a\n")],
    },
    {
      title: "It is used",
      say: "A file a is made; the old a of base has the same name.",
      acts: ["echo 'new a' >merged/var/cache/a", "ls merged/var/cache"],
      view: { focus: ["var"] },
      why: "The new a has nothing to do with the old one. b of base stays hidden.",
      claims: [reads("merged/var/cache/a", "new a\n"), gone("merged/var/cache/b")],
    },
    {
      title: "A directory that is not opaque",
      say: "No layer has a var/log.",
      acts: ["mkdir merged/var/log"],
      view: { focus: ["var"] },
      why: "No lower has anything that had to be hidden, so the new directory needs no mark.",
      claims: [directory("upper/var/log"), unmarked("upper/var/log", "opaque"), unmarked("upper/var", "opaque")],
    },
  ],
  summary: [
    "A deleted directory is a whiteout. One made in its place is opaque.",
    (situation) => `Opaque is the xattr ${markName(situation, "opaque")}="y" on a directory of the upper.`,
    "Nothing below an opaque directory is seen through it.",
  ],
  reading: ["docs/architecture.md (create.ts, lookup.ts)"],
};
