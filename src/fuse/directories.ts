/**
 * READDIR and READDIRPLUS. A position is a cookie of the engine's listing, so a read goes on where the last
 * one ended whatever was made or removed in between. Each entry of READDIRPLUS that carries a nodeid counts
 * as a lookup, so none is looked up before it is known to fit.
 */
import type { Inode } from "../engine/inode.js";
import type { DirectoryEntry } from "../engine/types.js";
import { isErrno } from "../sys/errno.js";
import type { Adapter, Outcome } from "./adapter.js";
import { direntSize, encodeDirent, encodeEntry } from "./encode.js";
import { attributeLifetime } from "./protected-files.js";
import type { Request } from "./request.js";
import { fuse_direntplus, fuse_entry_out, fuse_read_in } from "./structs.js";

export function readdir(adapter: Adapter, request: Request, directory: Inode): Outcome {
  return list(adapter, request, directory, 0);
}

export function readdirplus(adapter: Adapter, request: Request, directory: Inode): Outcome {
  return list(adapter, request, directory, fuse_direntplus.dirent);
}

/** Fills the reply; `prefix` is what stands in front of each fuse_dirent, a fuse_entry_out or nothing. */
function list(adapter: Adapter, request: Request, directory: Inode, prefix: number): Outcome {
  const { engine, reply } = adapter;
  const listing = engine.readdir(directory);
  if (isErrno(listing)) return listing;
  const size = Math.min(request.u32(fuse_read_in.size), reply.capacity);
  const { entries } = listing;
  let length = 0;
  for (let index = listing.indexAfter(request.u64(fuse_read_in.offset)); index < entries.length; index += 1) {
    const entry = entries[index]!;
    const at = length + prefix;
    const end = at + direntSize(entry.name);
    if (end > size) return length;
    if (prefix > 0) encodeChild(adapter, length, directory, entry);
    encodeDirent(reply, at, entry.ino, entry.cookie, entry.type, entry.name);
    length = end;
  }
  if (length === 0) engine.releaseListing(directory);
  return length;
}

/** The entry of a child; one without a nodeid is listed all the same, and looked up when it is asked for. */
function encodeChild(adapter: Adapter, at: number, directory: Inode, entry: DirectoryEntry): void {
  const { engine, reply, stat } = adapter;
  reply.clear(at, fuse_entry_out.sizeof);
  const { name } = entry;
  if (name === "." || name === "..") return;
  const child = engine.lookupWithAttributes(directory, name, stat);
  if (!isErrno(child)) encodeEntry(reply, at, child.id, stat, adapter.lifetime, attributeLifetime(adapter, child));
}
