/** Chapter: what is new goes to the upper. */
import { directory, empty, gone, mode, mounted, reads, unmarked } from "../claims.js";
import type { Chapter } from "../lesson.js";
import { image, imageLowers, mountImage } from "./image.js";

export const newFile: Chapter = {
  title: "A new file lands in the upper",
  intro: "What a container makes goes to its upper, and only there. The image below it serves other containers too.",
  layers: image,
  lowers: imageLowers,
  steps: [
    {
      title: "A fresh container, and a file in its /tmp",
      say: "In the container this is /tmp/hoge. On the host it is tmp/hoge below merged.",
      acts: [mountImage, "touch merged/tmp/hoge"],
      view: { focus: ["tmp"] },
      why: "base has a tmp, but the file can't go there. So the upper got a tmp of its own, with the attributes of the one in base, and hoge in it. Both directories tmp are merged from now on.",
      claims: [mounted, reads("merged/tmp/hoge", ""), reads("upper/tmp/hoge", ""), mode("upper/tmp", "drwxrwxrwt"), unmarked("upper/tmp", "opaque"), empty("base/tmp")],
    },
    {
      title: "The file is written to",
      say: "The file is in the upper already. Where will its data go?",
      acts: ["echo data >merged/tmp/hoge"],
      view: { focus: ["tmp"] },
      why: "What is in the upper is changed there. The file in the upper and the one in merged are the same.",
      claims: [reads("merged/tmp/hoge", "data\n"), reads("upper/tmp/hoge", "data\n")],
    },
    {
      title: "Directories are made in the same way",
      say: "No layer has a home.",
      acts: ["mkdir -p merged/home/me", "chmod 700 merged/home/me"],
      view: { focus: ["home", "tmp"] },
      why: "New directories are made in the upper, with the mode that they are given.",
      claims: [mode("merged/home/me", "drwx------"), mode("upper/home/me", "drwx------")],
    },
    {
      title: "A new file is deleted again",
      say: "Only the upper has hoge. Must anything be remembered when it goes?",
      acts: ["rm merged/tmp/hoge"],
      view: { focus: ["tmp"] },
      why: "No lower has a tmp/hoge that could come to light, so the file is simply removed. The directory tmp stays in the upper; it shows what base has.",
      claims: [gone("merged/tmp/hoge"), gone("upper/tmp/hoge"), directory("upper/tmp"), directory("merged/tmp")],
    },
  ],
  summary: [
    "New files and directories are made in the upper.",
    "The directories above them are made there too, with the attributes that they have below.",
    "To see all that a container has made, list its upper.",
  ],
  reading: ["docs/architecture.md (create.ts)"],
};
