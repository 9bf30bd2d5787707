/** Chapter: a lower file is changed. */
import { empty, gone, marked, mode, mounted, printed, reads, sameNumber, sameTime, there } from "../claims.js";
import type { Chapter } from "../lesson.js";
import { markName } from "../situation.js";
import { image, imageLowers, mountImage } from "./image.js";

export const copyUp: Chapter = {
  title: "Editing a lower file: copy-up",
  intro: "A lower layer is never written. Yet its files can be edited in merged: before its first change a file is copied to the upper. This is called copy-up.",
  layers: image,
  lowers: imageLowers,
  steps: [
    {
      title: "Reading copies nothing",
      say: "First the file is only read.",
      acts: [mountImage, "cat merged/etc/motd"],
      view: { focus: ["etc"] },
      why: "The data came from base. The upper is empty.",
      claims: [mounted, printed("Welcome!"), empty("upper")],
    },
    {
      title: "A line is added",
      say: "The file has nine bytes. Now some are added at the end.",
      acts: ["echo 'Closed.' >>merged/etc/motd"],
      view: { focus: ["etc"] },
      why: "The whole file was copied to the upper first, with its owner, mode, times and xattrs. Then the copy was changed. A program can't tell by the inode number: it is what it was. base has the file as it was, and so has every other container of this image. One byte changed in a file of 1 GiB costs a copy of 1 GiB, unless the file system can share blocks.",
      claims: [reads("merged/etc/motd", "Welcome!\nClosed.\n"), reads("upper/etc/motd", "Welcome!\nClosed.\n"), reads("base/etc/motd", "Welcome!\n"), gone("upper/etc/hosts"), sameNumber("merged/etc/motd", "base/etc/motd")],
    },
    {
      title: "A mode is a change too",
      say: "No data changes here, only the permissions.",
      acts: ["chmod 600 merged/bin/greet"],
      view: { focus: ["bin"] },
      why: "chmod, chown, touch and setfattr copy the file up as well, with its data; the modification time came along. With the option metacopy=on the data stays in the lower until it is changed itself.",
      claims: [mode("merged/bin/greet", "-rw-------"), mode("upper/bin/greet", "-rw-------"), mode("base/bin/greet", "-rw-r--r--"), reads("upper/bin/greet", "echo hello\n"), sameTime("upper/bin/greet", "base/bin/greet")],
    },
    {
      title: "What the overlay notes for itself",
      say: "The overlay writes notes into the upper, as extended attributes (xattrs) of its files. Most only help itself, and this tour does not show them. Once, here they are. (Type 'getfattr -d -m - -e hex upper/etc/motd' to see them with a common tool.)",
      acts: ["ls upper"],
      view: { focus: ["bin", "etc"], allMarks: true },
      why: (situation) => `${markName(situation, "origin")} is a file handle of the lower file that was copied: by it the merged file keeps its inode number. ${markName(situation, "impure")} says that a directory holds such copies, so that a listing must look them up. ${markName(situation, "uuid")} gives this overlay an id of its own. In merged these xattrs can't be seen.`,
      claims: [marked("upper/etc/motd", "origin"), marked("upper/etc", "impure", "y"), there("merged/etc/motd")],
    },
  ],
  summary: [
    "The first change copies the whole file to the upper; then the copy is changed.",
    "Attributes count as a change; reading does not.",
    "The file in the lower stays what it is, and is hidden by the copy.",
  ],
  reading: ["docs/architecture.md (copy-up.ts)", "docs/differences.md: when ovlfs copies up, and when the kernel does"],
};
