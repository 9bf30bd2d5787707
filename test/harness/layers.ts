/**
 * Layers from a compact description: a nested object of names, each a file, directory, symlink, special file,
 * whiteout or hard link. Everything gets a fixed old time unless it says otherwise, so that a time a test
 * finds later is either one that was kept or one that is new.
 */
import { Tree } from "./tree.js";
import { check, raw } from "./syscalls.js";
import { setXattr } from "./xattrs.js";
import { flagsOf, setFlags } from "./file-flags.js";
import { AT_FDCWD, FS_APPEND_FL, FS_IMMUTABLE_FL, O_CREAT, O_EXCL, O_WRONLY } from "../../src/sys/constants.js";
import { native } from "../../src/sys/native.js";

/** Seconds and nanoseconds that every node of a layer is given. */
export const OLD_TIME = [981173106, 123456789] as const;
/** The same as attributes show it. */
export const OLD = "981173106.123456789";

export interface NodeAttributes {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: readonly [seconds: number, nanoseconds: number];
  readonly xattrs?: Readonly<Record<string, string | Uint8Array>>;
  /** FS_*_FL of a file or directory, set last of all. */
  readonly flags?: number;
}

/** A piece of a file with holes. */
export interface Piece {
  readonly at: number;
  readonly content: string | Uint8Array;
}

type Content =
  | { readonly kind: "file"; readonly pieces: readonly Piece[]; readonly size: number }
  | { readonly kind: "directory"; readonly children: LayerTree }
  | { readonly kind: "symlink"; readonly target: string }
  | { readonly kind: "fifo" | "socket" }
  | { readonly kind: "character" | "block"; readonly major: number; readonly minor: number }
  | { readonly kind: "link"; readonly to: string };

export type LayerNode = Content & { readonly attributes: NodeAttributes };
/** Names (bytes) and what each is. */
export interface LayerTree { readonly [name: string]: LayerNode }

export function file(content: string | Uint8Array = "", attributes: NodeAttributes = {}): LayerNode {
  return { kind: "file", pieces: [{ at: 0, content }], size: content.length, attributes };
}

/** A file of `size` bytes that has data only where `pieces` say. */
export function sparse(size: number, pieces: readonly Piece[], attributes: NodeAttributes = {}): LayerNode {
  return { kind: "file", pieces, size, attributes };
}

export function dir(children: LayerTree = {}, attributes: NodeAttributes = {}): LayerNode {
  return { kind: "directory", children, attributes };
}

/** A directory that hides what the layers below have under its name. */
export function opaque(children: LayerTree = {}, attributes: NodeAttributes = {}): LayerNode {
  return dir(children, { ...attributes, xattrs: { ...attributes.xattrs, "trusted.overlay.opaque": "y" } });
}

export function symlink(target: string, attributes: NodeAttributes = {}): LayerNode {
  return { kind: "symlink", target, attributes };
}

export function fifo(attributes: NodeAttributes = {}): LayerNode { return { kind: "fifo", attributes }; }
export function socket(attributes: NodeAttributes = {}): LayerNode { return { kind: "socket", attributes }; }

export function device(kind: "character" | "block", major: number, minor: number, attributes: NodeAttributes = {}): LayerNode {
  return { kind, major, minor, attributes };
}

/** The character device 0/0 that stands for "deleted". */
export function whiteout(): LayerNode { return device("character", 0, 0); }

/** Another name of the file at `to`, a path from the directory that holds this one. */
export function hardLink(to: string): LayerNode { return { kind: "link", to, attributes: {} }; }

/** Makes `description` at `path`, which must not be there. */
export function buildLayer(path: string, description: LayerNode): void {
  make(new Tree(path), "", description);
  linkNames(new Tree(path), "", description);
  dress(path, description);
}

function make(root: Tree, name: string, node: LayerNode): void {
  switch (node.kind) {
    case "file": {
      const fd = check(native.openat(AT_FDCWD, raw(root.at(name)), O_WRONLY | O_CREAT | O_EXCL, 0o600), `create ${name}`);
      for (const piece of node.pieces) {
        const content = typeof piece.content === "string" ? Buffer.from(piece.content, "latin1") : piece.content;
        check(native.pwrite(fd, content, 0, content.length, piece.at), `pwrite ${name}`);
      }
      check(native.ftruncate(fd, node.size), `ftruncate ${name}`);
      check(native.close(fd), "close");
      return;
    }
    case "directory":
      root.mkdir(name);
      for (const [child, below] of Object.entries(node.children)) make(root, join(name, child), below);
      return;
    case "symlink": root.symlink(node.target, name); return;
    case "fifo": case "socket": root.mknod(name, node.kind); return;
    case "character": case "block": root.mknod(name, node.kind, 0o644, node.major, node.minor); return;
    case "link": return;
  }
}

function linkNames(root: Tree, name: string, node: LayerNode): void {
  if (node.kind === "link") root.link(join(parentOf(name), node.to), name);
  if (node.kind !== "directory") return;
  for (const [child, below] of Object.entries(node.children)) linkNames(root, join(name, child), below);
}

/** Owner before mode (chown clears setuid), xattrs after both, children before the directory's own times. */
function dress(path: string, node: LayerNode): void {
  if (node.kind === "link") return;
  if (node.kind === "directory") for (const [child, below] of Object.entries(node.children)) dress(`${path}/${child}`, below);
  const { mode, uid, gid, mtime, xattrs } = node.attributes;
  check(native.fchownat(AT_FDCWD, raw(path), uid ?? 0, gid ?? 0), `chown ${path}`);
  if (node.kind !== "symlink") {
    check(native.fchmodat(AT_FDCWD, raw(path), mode ?? (node.kind === "directory" ? 0o755 : 0o644)), `chmod ${path}`);
  }
  for (const [attribute, value] of Object.entries(xattrs ?? {})) setXattr(path, attribute, value);
  const [seconds, nanoseconds] = mtime ?? OLD_TIME;
  check(native.utimensat(AT_FDCWD, raw(path), OLD_TIME[0], OLD_TIME[1], seconds, nanoseconds), `utimensat ${path}`);
  if (node.attributes.flags !== undefined) setFlags(path, flagsOf(path) | node.attributes.flags);
}

/** Takes the flags away that keep a layer from being removed. */
export function unprotectLayer(path: string, node: LayerNode): void {
  if (node.attributes.flags !== undefined) setFlags(path, flagsOf(path) & ~(FS_IMMUTABLE_FL | FS_APPEND_FL));
  if (node.kind !== "directory") return;
  for (const [child, below] of Object.entries(node.children)) unprotectLayer(`${path}/${child}`, below);
}

function parentOf(name: string): string { return name.includes("/") ? name.slice(0, name.lastIndexOf("/")) : ""; }

function join(parent: string, name: string): string { return parent === "" ? name : `${parent}/${name}`; }
