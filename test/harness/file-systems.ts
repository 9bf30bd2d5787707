/**
 * File systems made for a test: images as sparse files on loop devices, tmpfs, and mounts of overlays. A layer
 * is built in `source` and seen in `root` once its file system is sealed; for those that can be written both
 * are one. All of it lies below one directory, so whoever unmounts what is below that and removes it has
 * removed everything (loop devices detach themselves).
 */
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { file, type LayerNode } from "./layers.js";
import { kernel, ovlfs, type Mounter } from "./mounters.js";
import { mustRun, run } from "./processes.js";
import { Tree } from "./tree.js";

export type FileSystemName = "ext4" | "xfs" | "btrfs" | "tmpfs" | "squashfs" | "erofs" | "kernel overlay" | "ovlfs mount";

const MIB = 2 ** 20;
const TIB = 2 ** 40;

interface Recipe {
  /** Its name in /proc/filesystems; null for one that no kernel part stands for. */
  readonly kernelName: string | null;
  /** The program that makes it. */
  readonly program?: string;
  /** It lies in an image. */
  readonly hasImage?: boolean;
  /** Where layers are built before it is sealed. */
  readonly source: "root" | "source";
  readonly start?: (volume: Volume) => void;
  readonly seal?: (volume: Volume) => void;
  /** What mounts it, for an overlay. */
  readonly mounter?: Mounter;
}

const recipes: Readonly<Record<FileSystemName, Recipe>> = {
  ext4: image("ext4", 192 * MIB, ["-q", "-F", "-b", "4096"]),
  // Large and in many allocation groups (nothing of which is stored), so that inode numbers go beyond 32 bits.
  xfs: image("xfs", 4 * TIB, ["-q", "-m", "reflink=1", "-d", "agcount=16", "-l", "size=64m"]),
  btrfs: image("btrfs", 192 * MIB, ["-q"]),
  tmpfs: { kernelName: "tmpfs", source: "root", start: (volume) => { mustRun("mount", ["-t", "tmpfs", "-o", "size=192m", "ovlfs-test", volume.root]); } },
  squashfs: packed("squashfs", "mksquashfs", (volume) => [volume.source, volume.image, "-noappend", "-quiet", "-no-progress"]),
  erofs: packed("erofs", "mkfs.erofs", (volume) => ["--quiet", volume.image, volume.source]),
  "kernel overlay": overlayOf(kernel, "overlay"),
  "ovlfs mount": overlayOf(ovlfs, null),
};

/** One made file system. */
export class Volume {
  readonly root: string;
  readonly source: string;
  readonly image: string;
  readonly #recipe: Recipe;

  constructor(readonly kind: FileSystemName, readonly place: string) {
    this.#recipe = recipes[kind];
    this.root = join(place, "root");
    this.source = join(place, this.#recipe.source);
    this.image = join(place, "disk", "image");
  }

  /** Makes it, ready for layers to be built in `source`. */
  start(): void {
    const disk = dirname(this.image);
    for (const path of new Set([this.root, this.source, disk])) mkdirSync(path, { recursive: true });
    // In memory, so that fsync in a hundred tests waits for no disk.
    if (this.#recipe.hasImage) mustRun("mount", ["-t", "tmpfs", "-o", "size=2g", "ovlfs-test", disk]);
    this.#recipe.start?.(this);
  }

  /** From here on the layers are seen in `root`. */
  seal(): void { this.#recipe.seal?.(this); }

  /** A description as it has to stand in `source` to be that description in `root`. */
  stored(node: LayerNode): LayerNode { return this.#recipe.mounter === undefined ? node : escaped(node); }
}

/** Why this file system can't be made here, or null. */
export function fileSystemUnavailable(kind: FileSystemName): string | null {
  const { kernelName, program, mounter } = recipes[kind];
  if (process.getuid?.() !== 0) return `only root mounts ${kind}`;
  if (program !== undefined && run("sh", ["-c", `command -v ${program}`]).status !== 0) return `there is no ${program}`;
  if (kernelName !== null && !isKnown(kernelName)) {
    run("modprobe", [kernelName]);
    if (!isKnown(kernelName)) return `the kernel has no ${kernelName}`;
  }
  return mounter?.unavailable() ?? null;
}

function isKnown(kernelName: string): boolean {
  return readFileSync("/proc/filesystems", "latin1").split("\n").some((line) => line.split("\t")[1] === kernelName);
}

function image(name: string, size: number, words: readonly string[]): Recipe {
  return {
    kernelName: name, program: `mkfs.${name}`, source: "root", hasImage: true,
    start: (volume) => {
      writeFileSync(volume.image, "");
      truncateSync(volume.image, size);
      mustRun(`mkfs.${name}`, [...words, volume.image]);
      mustRun("mount", ["-t", name, "-o", "loop", volume.image, volume.root]);
    },
  };
}

function packed(name: string, program: string, words: (volume: Volume) => readonly string[]): Recipe {
  return {
    kernelName: name, program, source: "source", hasImage: true,
    seal: (volume) => {
      mustRun(program, words(volume));
      mustRun("mount", ["-t", name, "-o", "loop,ro", volume.image, volume.root]);
    },
  };
}

/** A writable overlay over `source`, in which a part of the layers has been copied up. */
function overlayOf(mounter: Mounter, kernelName: string | null): Recipe {
  return {
    kernelName, mounter, source: "source",
    seal: (volume) => {
      for (const name of ["upper", "work"]) mkdirSync(join(volume.place, name));
      mounter.mount({ cwd: volume.place, lowers: ["source"], upper: "upper", work: "work", merged: volume.root });
      copyUpSome(new Tree(volume.root));
    },
  };
}

/** Sets the mode that it has on every second name of every second directory. */
function copyUpSome(tree: Tree): void {
  for (const layer of readdirSync(tree.path)) {
    tree.list(layer).filter((_, index) => index % 2 === 1).forEach((directory) => {
      const path = `${layer}/${directory}`;
      if (tree.stat(path).type !== "directory") return;
      tree.list(path).filter((_, index) => index % 2 === 1).map((name) => `${path}/${name}`)
        .filter((name) => tree.stat(name).type !== "symlink")
        .forEach((name) => { tree.chmod(name, Number.parseInt(tree.stat(name).mode, 8)); });
    });
  }
}

/**
 * The description as it is stored in an overlay, so that its merged tree shows it: overlay xattrs get one
 * more `overlay.`, whiteouts become files with an xattr in a directory that says so. `own` is the prefix of
 * the overlay's xattrs: that of `userxattr` is another.
 * Source: the kernel's Documentation/filesystems/overlayfs.rst, "Nesting overlayfs mounts".
 */
export function escaped(node: LayerNode, own = "trusted.overlay."): LayerNode {
  const more = `${own}overlay.`;
  if (isWhiteout(node)) return file("", { xattrs: { [`${more}whiteout`]: "y" } });
  const xattrs = Object.entries(node.attributes.xattrs ?? {})
    .map(([name, value]) => [name.startsWith(own) ? more + name.slice(own.length) : name, value] as const);
  const attributes = { ...node.attributes, xattrs: Object.fromEntries(xattrs) };
  if (node.kind !== "directory") return { ...node, attributes };
  const children = Object.fromEntries(Object.entries(node.children).map(([name, child]) => [name, escaped(child, own)]));
  const holdsWhiteouts = Object.values(node.children).some(isWhiteout);
  const marked = holdsWhiteouts && attributes.xattrs[`${more}opaque`] === undefined
    ? { ...attributes, xattrs: { ...attributes.xattrs, [`${more}opaque`]: "x" } } : attributes;
  return { ...node, children, attributes: marked };
}

function isWhiteout(node: LayerNode): boolean { return node.kind === "character" && node.major === 0 && node.minor === 0; }

