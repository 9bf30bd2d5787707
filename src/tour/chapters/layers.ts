/** Chapter: what the layers of a container are, and how the merged view comes to be. */
import { directory, empty, gone, mounted, printed, reads, there } from "../claims.js";
import type { Chapter } from "../lesson.js";
import { image, imageLowers, mountImage } from "./image.js";

export const layers: Chapter = {
  title: "Layers: an image, and a container on top",
  intro: `An overlay shows several directories as one. The lower layers are only read. One upper layer takes all changes. The merged view is the mount point.

Container engines are built on it. The layers of an image are the lowers, the writable layer of a container is the upper. Here the image has two layers. "base" is a small system. "init" lies over it: Docker puts such a layer (its name ends in -init) between image and container, with the few files in dev and etc that it will mount its own files over.`,
  layers: image,
  lowers: imageLowers,
  steps: [
    {
      title: "The directories before the mount",
      say: "Each layer is a plain directory. Have a look at them first.",
      acts: ["ls base init", "ls -A upper work merged"],
      why: "Nothing is mounted yet. A fresh container has an empty upper, an empty work directory (more on it in chapter 6), and an empty directory to mount on.",
      claims: [there("base/etc/motd"), there("init/etc/hostname"), empty("upper"), empty("work"), empty("merged")],
    },
    {
      title: "The mount",
      say: "Now the layers are put over one another. The list of lowers begins with the topmost.",
      acts: [mountImage],
      view: { focus: ["bin", "dev", "etc", "tmp"] },
      why: `merged has the names of both layers. Directories that several layers have are merged: etc shows hostname, mtab and hosts of init, and motd of base. Of a file that several have, the topmost is seen: hosts is the empty one of init, and the one of base is hidden.

Nothing was copied. The upper is still empty: a container starts at once, however large its image is.`,
      claims: [mounted, directory("merged/bin"), directory("merged/dev"), reads("merged/etc/motd", "Welcome!\n"), reads("merged/etc/hosts", ""), empty("upper"), directory("work/work")],
    },
    {
      title: "How a name is looked up",
      say: "Each name is looked for from the top: upper, init, base. The first layer that has it answers.",
      acts: ["cat merged/etc/motd", "cat merged/bin/greet", { refused: "cat merged/etc/passwd", words: "No such file or directory" }],
      why: "etc/motd and bin/greet were found in base, the last layer to be asked. No layer has etc/passwd. Reading changed nothing: the upper is empty.",
      claims: [printed("Welcome!"), printed("echo hello"), gone("merged/etc/passwd"), empty("upper")],
    },
    {
      title: "Which layer is it from?",
      say: "merged alone does not tell. 'ovlfs tree' looks into the layers and says it, for any mounted overlay.",
      acts: ["ovlfs tree --layers merged/etc"],
      why: "hostname, hosts and mtab are from lower 1 (init), motd is from lower 2 (base). lower 2 has a hosts too, which is hidden.",
      claims: [{ text: "it names lower 1 for hosts, which hides one of lower 2, and lower 2 for motd", holds: ({ printed: text }) => /^lower 1 .*hosts .*hides lower 2/m.test(text) && /^lower 2 .*motd/m.test(text) }],
    },
  ],
  summary: [
    "Lowers are read, the upper takes the changes, merged is what is seen.",
    "Directories are merged; of files the topmost is seen, whole.",
    "A fresh container is an empty upper. Its mount copies nothing.",
  ],
  reading: ["docs/architecture.md", "docs/layers.md (ovlfs tree)", "the kernel's Documentation/filesystems/overlayfs.rst"],
};
