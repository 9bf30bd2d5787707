import { afterEach, describe, expect, it } from "vitest";
import { release, resolve, walk, type Tree } from "../../src/library/walk.js";
import { bytes, type Bytes } from "../../src/sys/bytes.js";
import { E, errnoName, fail, isErrno } from "../../src/sys/errno.js";
import { S_IFDIR, S_IFLNK, S_IFREG } from "../../src/sys/stat.js";
import type { Inode } from "../../src/engine/inode.js";

/** A tree in memory that counts references: an object is a directory, `-> x` a symlink, other text a file. */
interface Names { readonly [name: string]: string | Names }

class CountingTree {
  references = 0;
  readonly #content = new Map<Inode, string | Names>();
  readonly #inodes = new Map<string | Names, Inode>();
  readonly root: Inode;

  constructor(names: Names) {
    this.root = this.#inode(names);
  }

  #inode(content: string | Names): Inode {
    const known = this.#inodes.get(content);
    if (known) return known;
    const isDirectory = typeof content !== "string";
    const type = isDirectory ? S_IFDIR : content.startsWith("-> ") ? S_IFLNK : S_IFREG;
    const inode = { type, isDirectory } as Inode;
    this.#inodes.set(content, inode);
    this.#content.set(inode, content);
    return inode;
  }

  lookup(parent: Inode, name: Bytes) {
    const names = this.#content.get(parent);
    if (typeof names !== "object") throw new Error("lookup in what is no directory");
    const child = names[name];
    if (child === undefined) return fail(E.ENOENT);
    this.references++;
    return this.#inode(child);
  }

  readlink(inode: Inode) {
    return (this.#content.get(inode) as string).slice(3) as Bytes;
  }

  forget(_inode: Inode, count: number): void {
    this.references -= count;
  }

  contentOf(inode: Inode) {
    return this.#content.get(inode);
  }
}

const names = {
  file: "content",
  dir: { inner: { leaf: "leaf content" }, up: "-> ../file", absolute: "-> /dir/inner", "slashed": "-> inner/" },
  link: "-> dir",
  chain: "-> link/inner/leaf",
  root: "-> /",
  dangling: "-> nowhere",
  loop: "-> loop",
  "a-loop": "-> b-loop", "b-loop": "-> a-loop",
  long: Object.fromEntries(Array.from({ length: 41 }, (_, i) => [`l${i}`, i === 0 ? "-> ../file" : `-> l${i - 1}`])),
};
const tree = new CountingTree(names);

/** What a path leads to, or the name of the errno. */
function at(path: string, follow = true): unknown {
  const inode = walk(tree as unknown as Tree, bytes(path), follow);
  if (isErrno(inode)) return errnoName(inode);
  expect(tree.references).toBe(inode === tree.root ? 0 : 1);
  release(tree as unknown as Tree, inode);
  return tree.contentOf(inode);
}

describe("a path walk", () => {
  afterEach(() => {
    expect(tree.references, "every reference is given back").toBe(0);
  });

  it("starts at the root, with or without a slash before it", () => {
    expect(at("/file")).toBe("content");
    expect(at("file")).toBe("content");
    expect(at("//dir//inner///leaf")).toBe("leaf content");
    expect(at("/")).toBe(names);
    expect(at(".")).toBe(names);
  });

  it("does not leave the root by ..", () => {
    expect(at("/../../file")).toBe("content");
    expect(at("dir/inner/../../file")).toBe("content");
    expect(at("dir/..")).toBe(names);
    expect(at("dir/inner/..")).toBe(names.dir);
  });

  it("resolves symlinks inside the tree, relative ones from where they stand", () => {
    expect(at("dir/up")).toBe("content");
    expect(at("link/absolute/leaf")).toBe("leaf content");
    expect(at("chain")).toBe("leaf content");
    expect(at("root/root/file")).toBe("content");
    expect(at("root")).toBe(names);
  });

  it("takes .. after a symlink from where the symlink led", () => {
    expect(at("link/inner/../up")).toBe("content");
    expect(at("dir/absolute/..")).toBe(names.dir);
  });

  it("answers the symlink itself where the last component is not followed", () => {
    expect(at("link", false)).toBe("-> dir");
    expect(at("dangling", false)).toBe("-> nowhere");
    expect(at("link/inner", false)).toBe(names.dir.inner);
  });

  it("takes a slash at the end to mean a directory, and follows a symlink before it", () => {
    expect(at("link/", false)).toBe(names.dir);
    expect(at("dir/")).toBe(names.dir);
    expect(at("file/")).toBe("ENOTDIR");
    expect(at("dir/slashed")).toBe(names.dir.inner);
  });

  it("refuses what is missing, no directory, a loop or too long", () => {
    expect(at("")).toBe("ENOENT");
    expect(at("nothing")).toBe("ENOENT");
    expect(at("nothing/file")).toBe("ENOENT");
    expect(at("dangling")).toBe("ENOENT");
    expect(at("file/x")).toBe("ENOTDIR");
    expect(at("file/.")).toBe("ENOTDIR");
    expect(at("file/..")).toBe("ENOTDIR");
    expect(at("loop")).toBe("ELOOP");
    expect(at("a-loop/x")).toBe("ELOOP");
    expect(at("x".repeat(256))).toBe("ENAMETOOLONG");
    expect(at("./".repeat(2048))).toBe("ENAMETOOLONG");
    expect(at("file\0")).toBe("EINVAL");
  });

  it("follows 40 symlinks and no more", () => {
    expect(at("long/l39")).toBe("content");
    expect(at("long/l40")).toBe("ELOOP");
  });

  it("stops at a last component that does not exist, behind a symlink too", () => {
    const place = resolve(tree as unknown as Tree, bytes("dangling"), true);
    if (isErrno(place)) throw new Error("no place");
    expect([place.inode, place.name, place.path]).toEqual([null, "nowhere", "/nowhere"]);
    place.release();
  });

  it("tells the path without symlinks and dots", () => {
    const place = resolve(tree as unknown as Tree, bytes("link/./inner/../up"), true);
    if (isErrno(place)) throw new Error("no place");
    expect(place.path).toBe("/file");
    place.release();
  });
});
