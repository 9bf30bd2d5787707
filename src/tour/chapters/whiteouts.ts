/** Chapter: a lower file is deleted. */
import { directory, empty, gone, mounted, printed, reads, whiteout } from "../claims.js";
import type { Chapter } from "../lesson.js";
import { image, imageLowers, mountImage } from "./image.js";

export const whiteouts: Chapter = {
  title: "Deleting a lower file: a whiteout",
  intro: "A lower file can't be removed: lowers are never written. So the upper must say that it is gone. What says so is called a whiteout.",
  layers: image,
  lowers: imageLowers,
  steps: [
    {
      title: "A file is deleted",
      say: "Only base has etc/motd.",
      acts: [mountImage, "rm merged/etc/motd", { refused: "cat merged/etc/motd", words: "No such file or directory" }],
      view: { focus: ["etc"] },
      why: "In merged the file is gone. In the upper stands a character device of the same name, with the device number 0, 0. No driver has that number; it is the sign for: do not look further down. base still has the file, so deleting files of an image frees no space. (What appeared in work/work, chapter 6 explains.)",
      claims: [mounted, gone("merged/etc/motd"), whiteout("upper/etc/motd"), reads("base/etc/motd", "Welcome!\n")],
    },
    {
      title: "The whiteout, seen with common tools",
      say: "From outside, in the upper, the whiteout is a file like others. stat shows type and mode, and the device number.",
      acts: ["stat -c '%A %t,%T %n' upper/etc/motd", "ls merged/etc"],
      why: "ls -l shows it as 'c--------- ... 0, 0'. In merged neither the file nor the whiteout is listed.",
      claims: [printed("c--------- 0,0 upper/etc/motd"), gone("merged/etc/motd")],
    },
    {
      title: "The lookup, told step by step",
      say: "'ovlfs explain' goes through the layers as the overlay does, and tells what it finds there.",
      acts: [{ refused: "ovlfs explain merged/etc/motd", words: "character device 0/0" }],
      why: "First etc is looked up, then motd in it. The whiteout in the upper ends the search, before base is asked.",
      claims: [printed("whiteout"), printed("base/etc/motd")],
    },
    {
      title: "The name is used again",
      say: "A new file takes the name of the deleted one.",
      acts: ["echo 'New here' >merged/etc/motd"],
      view: { focus: ["etc"] },
      why: "The new file took the place of the whiteout, in one step. It hides the lower file by itself, as any upper file does.",
      claims: [reads("merged/etc/motd", "New here\n"), reads("upper/etc/motd", "New here\n")],
    },
    {
      title: "A whole directory is deleted",
      say: "base has srv/www/index.html: two directories and a file.",
      acts: ["rm -r merged/srv"],
      view: { focus: ["srv"] },
      why: "One whiteout for srv hides all that is below it. rm made whiteouts for www and index.html on its way; when srv itself went, they were of no more use.",
      claims: [gone("merged/srv"), whiteout("upper/srv"), reads("base/srv/www/index.html", "<h1>Hi</h1>\n")],
    },
    {
      title: "What both layers have",
      say: "etc/hosts is in init and in base. Will the one of base come to light?",
      acts: ["rm merged/etc/hosts"],
      view: { focus: ["etc"] },
      why: "No. The search ends at the whiteout; no layer below is asked.",
      claims: [gone("merged/etc/hosts"), whiteout("upper/etc/hosts"), reads("init/etc/hosts", ""), directory("merged/tmp"), empty("merged/tmp")],
    },
  ],
  summary: [
    "A deleted lower name leaves a whiteout in the upper: a character device 0, 0.",
    "A whiteout ends the search, for a file or for a whole tree.",
    "Deleting does not free what the lowers take. It makes a (tiny) entry more.",
  ],
  reading: ["docs/architecture.md (whiteout.ts, remove.ts)", "docs/inspect.md (ovlfs explain)"],
};
