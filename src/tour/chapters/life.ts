/** Chapter: what is left when a container stops, and when it is removed. */
import { directory, empty, gone, mounted, printed, reads, unmounted, whiteout } from "../claims.js";
import type { Chapter } from "../lesson.js";
import { umountCommand } from "../situation.js";
import { image, imageLowers, mountImage } from "./image.js";

export const life: Chapter = {
  title: "Stop, start, remove",
  intro: "A container is more than its mount. See what is left when it stops, and what when it is removed.",
  layers: image,
  lowers: imageLowers,
  steps: [
    {
      title: "The container works",
      say: "It makes a file and deletes one of the image.",
      acts: [mountImage, "touch merged/tmp/hoge", "rm merged/etc/motd"],
      view: { focus: ["etc", "tmp"] },
      why: "The upper has a file and a whiteout.",
      claims: [mounted, reads("upper/tmp/hoge", ""), whiteout("upper/etc/motd")],
    },
    {
      title: "What did it change?",
      say: "'docker diff' lists what a container changed. So does 'ovlfs diff', for any overlay.",
      acts: ["ovlfs diff merged"],
      why: "A is added, D is deleted, C is changed. All of it can be read from the upper: a file that no lower has was added, a whiteout is a deletion, and the directories above them count as changed.",
      claims: [printed("A /tmp/hoge\n"), printed("D /etc/motd\n"), printed("C /etc\n")],
    },
    {
      title: "Stop",
      say: "Stopping a container ('docker stop') unmounts the overlay.",
      acts: [umountCommand],
      view: { focus: ["etc", "tmp"] },
      why: "The merged view is gone: merged is an empty directory again. The upper is kept, with the file and the whiteout. (Of the spare whiteout in work/work, see chapter 6: ovlfs takes it away at the unmount, the kernel's overlay at the next mount.)",
      claims: [unmounted, empty("merged"), reads("upper/tmp/hoge", ""), whiteout("upper/etc/motd")],
    },
    {
      title: "Start again",
      say: "'docker start' mounts the same directories once more.",
      acts: [mountImage],
      view: { focus: ["etc", "tmp"] },
      why: "All is as it was before the stop. The state of an overlay is in its upper, and nowhere else.",
      claims: [mounted, reads("merged/tmp/hoge", ""), gone("merged/etc/motd")],
    },
    {
      title: "Remove",
      say: "'docker rm' removes what belongs to the container: its upper, its work directory and its mount point.",
      acts: [umountCommand, "rm -r upper work merged"],
      view: { focus: ["etc", "tmp"] },
      why: "All that the container changed is gone for good. The image is untouched: base has etc/motd, as on the first day.",
      claims: [unmounted, gone("upper"), gone("work"), gone("merged"), reads("base/etc/motd", "Welcome!\n"), empty("base/tmp")],
    },
    {
      title: "A new container of the same image",
      say: "A new container begins with an empty upper.",
      acts: ["mkdir upper work merged", mountImage],
      fresh: true,
      view: { focus: ["etc", "tmp"] },
      why: "It sees the image as it was made. Any number of containers can share the layers below, each with an upper of its own.",
      claims: [mounted, directory("merged/tmp"), gone("merged/tmp/hoge"), reads("merged/etc/motd", "Welcome!\n"), empty("upper")],
    },
  ],
  summary: [
    "Stop: merged is gone, the upper is kept.",
    "Remove: the upper is gone too, and all changes with it. The lowers stay.",
    "What must outlive a container does not belong into its upper; that is what volumes are for.",
  ],
  reading: ["README.md (Mount)", "docs/layers.md (ovlfs diff)"],
};
