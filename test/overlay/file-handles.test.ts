/** File handles (name_to_handle_at(2), open_by_handle_at(2)), by which an NFS server keeps files; with nfs_export. */
import { writeFileSync } from "node:fs";
import { expect } from "vitest";
import { dir, file } from "../harness/layers.js";
import { overlay } from "../harness/overlay-cases.js";
import { check, outcome, raw } from "../harness/syscalls.js";
import type { Tree } from "../harness/tree.js";
import { AT_FDCWD, O_DIRECTORY, O_RDONLY } from "../../src/sys/constants.js";
import { native } from "../../src/sys/native.js";

function handleOf(tree: Tree, name: string): Uint8Array {
  const buffer = Buffer.alloc(256);
  const length = check(native.nameToHandleAt(AT_FDCWD, raw(tree.at(name)), buffer), `name_to_handle_at ${name}`);
  return Uint8Array.from(buffer.subarray(0, length));
}

/** The content of the file that a handle leads to. */
function readByHandle(tree: Tree, handle: Uint8Array): string {
  return tree.with("", O_RDONLY | O_DIRECTORY, (mounted) => {
    const fd = check(native.openByHandleAt(mounted.fd, handle, O_RDONLY), "open_by_handle_at");
    const buffer = Buffer.alloc(100);
    const length = native.pread(fd, buffer, 0, buffer.length, 0);
    native.close(fd);
    return buffer.toString("latin1", 0, check(length, "pread"));
  });
}

/** Has the kernel forget what names and inodes nobody uses. */
function dropNames(): void { writeFileSync("/proc/sys/vm/drop_caches", "2"); }

/** docs/differences.md, "`nfs_export=on`: link count of a copied-up file". */
const countsEntry = "the kernel counts the index entry as a link";

overlay("file handles", { options: ["index=on", "nfs_export=on"] }, (it) => {
  const needs = ["file-handles"] as const;

  it("a handle leads to its file, however deep, when all names were forgotten", { needs, lower: { f: file("low"), d: dir({ e: dir({ g: file("deep") }) }) }, upper: { u: file("up") } }, ({ merged }) => {
    const handles = ["f", "d/e/g", "u"].map((name) => handleOf(merged, name));
    dropNames();
    expect(handles.map((handle) => readByHandle(merged, handle))).toEqual(["low", "deep", "up"]);
  });

  it("a handle leads to its file after a copy-up and a rename", { needs, lower: { f: file("content"), d: dir() }, ownWay: countsEntry, noInterop: countsEntry }, ({ merged }) => {
    const handle = handleOf(merged, "f");
    merged.patch("f", 0, "CON");
    merged.rename("f", "d/g");
    dropNames();
    expect(readByHandle(merged, handle)).toBe("CONtent");
  });

  it("a handle of a deleted file is stale", { needs, lower: { f: file("low") }, upper: { u: file("up") } }, ({ merged }) => {
    const handles = ["f", "u"].map((name) => handleOf(merged, name));
    for (const name of ["f", "u"]) merged.unlink(name);
    dropNames();
    dropNames();
    expect(handles.map((handle) => outcome(() => readByHandle(merged, handle)))).toEqual(["ESTALE", "ESTALE"]);
  });
});
