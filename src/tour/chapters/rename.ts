/** Chapter: a directory of a lower is renamed. */
import { directory, gone, marked, mounted, reads, unmounted, whiteout } from "../claims.js";
import type { Chapter } from "../lesson.js";
import { markName, umountCommand, type Situation } from "../situation.js";
import { image, imageLowers, mountImage, mountImageWith } from "./image.js";

const NEEDS_TRUSTED = "redirect_dir=on needs trusted.* xattrs, which only root may set: with user.* xattrs anybody could lead a directory elsewhere. Run the tour as root to see it.";
const needsTrusted = (situation: Situation): string | undefined => (situation.trusted ? undefined : NEEDS_TRUSTED);

export const rename: Chapter = {
  title: "Renaming a lower directory: EXDEV, then redirect_dir",
  intro: "rename(2) gives a directory another name at once, however large it is. But what a lower has can't be renamed. Here the answer of the overlay depends on an option.",
  layers: image,
  lowers: imageLowers,
  steps: [
    {
      title: "The system call is refused",
      say: "By default a directory of a lower can't be renamed. This is the system call itself, without mv.",
      acts: [mountImage, { rename: ["merged/srv", "merged/web"], errno: "EXDEV" }],
      view: { focus: ["srv", "web"] },
      why: "EXDEV is the error for a rename from one file system to another ('Invalid cross-device link'). A program that gets it is expected to copy and delete instead.",
      claims: [mounted, directory("merged/srv"), gone("merged/web"), gone("upper/srv")],
    },
    {
      title: "mv copies",
      say: "mv gets the same error. See what it does.",
      acts: ["mv merged/srv merged/web"],
      view: { focus: ["srv", "web"] },
      why: "mv copied the tree, file by file, to the new name in the upper, and deleted the old one. It took all the space of the tree once more. Programs that only call rename(2) fail here.",
      claims: [gone("merged/srv"), reads("merged/web/www/index.html", "<h1>Hi</h1>\n"), reads("upper/web/www/index.html", "<h1>Hi</h1>\n"), whiteout("upper/srv")],
    },
    {
      title: "A fresh container with redirect_dir=on",
      say: "The option redirect_dir=on lets the overlay note where a renamed directory came from.",
      acts: [umountCommand, "rm -r upper work", "mkdir upper work", mountImageWith("redirect_dir=on")],
      fresh: true,
      view: { focus: ["srv", "web"] },
      why: "The upper is empty again, srv is there under its old name.",
      claims: [mounted, directory("merged/srv"), gone("merged/web")],
      skip: needsTrusted,
    },
    {
      title: "Now it is a rename",
      say: "The same system call once more.",
      acts: [{ rename: ["merged/srv", "merged/web"], errno: "done" }],
      view: { focus: ["srv", "web"] },
      why: (situation) => `No file was copied. The upper has an empty directory web with ${markName(situation, "redirect")}="srv": in the layers below, look for srv instead. A whiteout hides the old name.`,
      claims: [gone("merged/srv"), reads("merged/web/www/index.html", "<h1>Hi</h1>\n"), marked("upper/web", "redirect", "srv"), gone("upper/web/www"), whiteout("upper/srv")],
      skip: needsTrusted,
    },
    {
      title: "As a user it is refused",
      say: "With user.* xattrs (the option userxattr) redirect_dir=on is not possible.",
      acts: [umountCommand, { refused: mountImageWith("redirect_dir=on"), words: "redirect_dir=on" }],
      why: "Anybody may set user.* xattrs on files of their own. If such a mark were followed, a layer made by somebody could lead to any place of another layer. The kernel's overlay refuses both options together too.",
      claims: [unmounted],
      belongs: (situation) => !situation.trusted && situation.mounter === "ovlfs",
    },
  ],
  summary: [
    "A lower directory can't be renamed by default: EXDEV, and mv copies.",
    "With redirect_dir=on the rename leaves a redirect mark and a whiteout, and copies nothing.",
    "Files, and directories that only the upper has, can always be renamed.",
  ],
  reading: ["docs/architecture.md (rename.ts, redirect.ts)", "docs/differences.md"],
};
