/** Chapter: what the work directory is for. */
import { empty, gone, mounted, oneFile, printed, reads, there, whiteout } from "../claims.js";
import type { Chapter, Claim } from "../lesson.js";
import type { Situation } from "../situation.js";
import { image, imageLowers, mountImage } from "./image.js";

/** The one name below work/work is another name of the whiteout in the upper. */
const sharedWhiteout: Claim = {
  text: "work/work holds one more name of that whiteout",
  holds: (scene) => {
    const [spare, ...more] = scene.below("work").filter((path) => path !== "work");
    return spare !== undefined && more.length === 0 && scene.at(`work/${spare}`)?.inode === scene.at("upper/etc/motd")?.inode;
  },
};

const workMode = (situation: Situation): string => (situation.mounter === "ovlfs" && !situation.isRoot ? "drwx------" : "d---------");

export const work: Chapter = {
  title: "The work directory",
  intro: "Besides the upper each overlay has a work directory. It must lie on the same file system as the upper, and belongs to the overlay alone.",
  layers: image,
  lowers: imageLowers,
  steps: [
    {
      title: "work/work",
      say: "The overlay makes a directory of its own in it.",
      acts: [mountImage, "stat -c '%A %n' work/work"],
      view: { focus: ["etc"] },
      why: (situation) => workMode(situation) === "d---------"
        ? "Its mode is 0: it is nobody's business (root can look in all the same)."
        : "Its mode is 0700: nobody else may look in. (Mounted by root it has the mode 0.)",
      claims: [mounted, { text: (situation) => `it printed ${workMode(situation)}`, holds: (scene) => scene.printed.includes(workMode(scene.situation)) }, there("work/work")],
    },
    {
      title: "A copy-up leaves nothing there",
      say: "A copy-up takes several steps: make the file, copy data, owner, mode, times. What if the power fails in between?",
      acts: ["echo more >>merged/etc/motd"],
      view: { focus: ["etc"] },
      why: "The copy is built in work/work (or as a file without a name), and comes to the upper by one single rename or link, when it is complete. So a file in the upper is never half there. That rename is why both must be on one file system. Afterwards work/work is empty again.",
      claims: [reads("upper/etc/motd", "Welcome!\nmore\n"), empty("work/work")],
    },
    {
      title: "A whiteout is kept for the next",
      say: "The edited file is deleted.",
      acts: ["rm merged/etc/motd"],
      view: { focus: ["etc"] },
      why: "The whiteout was made in work/work and brought to the upper. A second name of it stays in work/work: the next whiteout will be one more hard link, so that thousands of them take a single inode.",
      claims: [whiteout("upper/etc/motd"), sharedWhiteout],
    },
    {
      title: "One more whiteout",
      say: "Deleting another file shows it.",
      acts: ["rm merged/lib/greet.so", "stat -c '%h names: %n' upper/etc/motd upper/lib/greet.so"],
      why: "Three names, one inode: two whiteouts in the upper and the one in work/work.",
      claims: [whiteout("upper/lib/greet.so"), oneFile("upper/etc/motd", "upper/lib/greet.so"), printed("3 names: upper/lib/greet.so"), gone("merged/lib/greet.so")],
    },
  ],
  summary: [
    "Work is the workshop: things are built there and published in the upper by one rename or link.",
    "Upper and work must be on one file system, and no two mounts may share a work directory.",
    "It holds nothing worth keeping (but with index=on, see chapter 9). It is emptied at the next mount.",
  ],
  reading: ["docs/architecture.md (copy-up.ts, upper.ts)"],
};
