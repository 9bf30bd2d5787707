/**
 * Owners of the merged tree that are not those on disk: the ids of files are shown through a map, or all as one, and
 * what is stored, be it a new file's owner, a chown or an ACL, goes through the map the other way. An id without a place
 * in the map is the overflow id, as in user namespaces. Within the engine all ids are those on disk, so that a copy-up
 * keeps an owner that the map does not know.
 * Source: fuse-overlayfs(1), uidmapping and squash_to_uid; user_namespaces(7).
 */
import { readFileSync } from "node:fs";
import type { Stat } from "../sys/stat.js";
import { mapAclIds } from "./acl-ids.js";
import type { AttrChange, Caller } from "./types.js";
import type { IdRange, PresentationOptions } from "./options.js";

/** What stays when a chown leaves an id as it is. */
const KEEP = -1;

/** One kind of ids, those of users or those of groups. */
class Ids {
  readonly #overflow: number;

  constructor(private readonly ranges: readonly IdRange[], private readonly squashed: number | undefined, kind: "uid" | "gid") {
    this.#overflow = ranges.length > 0 ? Number(readFileSync(`/proc/sys/kernel/overflow${kind}`, "latin1")) : 0;
  }

  get isSquashed(): boolean { return this.squashed !== undefined; }

  /** What an owner on disk is shown as. */
  show(id: number): number {
    return this.squashed ?? this.mapped(id);
  }

  /** The place of an id in the map; what is named by others than owners is never squashed. */
  mapped(id: number): number {
    return this.#find(id, "onDisk", "shown");
  }

  /** What is stored for an id of the merged tree. */
  store(id: number): number {
    return this.#find(id, "shown", "onDisk");
  }

  #find(id: number, from: "onDisk" | "shown", to: "onDisk" | "shown"): number {
    if (this.ranges.length === 0) return id;
    const range = this.ranges.find((one) => id >= one[from] && id < one[from] + one.count);
    return range ? range[to] + (id - range[from]) : this.#overflow;
  }
}

export class Presentation {
  readonly #uids: Ids;
  readonly #gids: Ids;
  readonly #staticNlink: boolean;

  /** Null where all is shown as it is on disk, so that the usual mount spends nothing on it. */
  static of(options: PresentationOptions): Presentation | null {
    const { uidMapping, gidMapping, squashUid, squashGid, staticNlink } = options;
    const isPlain = !uidMapping && !gidMapping && squashUid === undefined && squashGid === undefined && !staticNlink;
    return isPlain ? null : new Presentation(options);
  }

  private constructor({ uidMapping = [], gidMapping = [], squashUid, squashGid, staticNlink = false }: PresentationOptions) {
    this.#uids = new Ids(uidMapping, squashUid, "uid");
    this.#gids = new Ids(gidMapping, squashGid, "gid");
    this.#staticNlink = staticNlink;
  }

  /** All owners are shown as one, so it is nobody's business whether another could be stored. */
  get isSquashed(): boolean {
    return this.#uids.isSquashed || this.#gids.isSquashed;
  }

  show(stat: Stat): void {
    stat.uid = this.#uids.show(stat.uid);
    stat.gid = this.#gids.show(stat.gid);
    if (this.#staticNlink && stat.isDirectory && stat.nlink > 0) stat.nlink = 1;
  }

  storedCaller(caller: Caller): Caller {
    return { ...caller, uid: this.#uids.store(caller.uid), gid: this.#gids.store(caller.gid) };
  }

  storedChange(change: AttrChange): AttrChange {
    const { uid, gid } = change;
    return {
      ...change,
      ...(uid === undefined || uid === KEEP ? {} : { uid: this.#uids.store(uid) }),
      ...(gid === undefined || gid === KEEP ? {} : { gid: this.#gids.store(gid) }),
    };
  }

  /** Turns an ACL as it is on disk, in place, into the one that is shown. */
  showAcl(acl: Uint8Array): void {
    mapAclIds(acl, (uid) => this.#uids.mapped(uid), (gid) => this.#gids.mapped(gid));
  }

  storedAcl(acl: Uint8Array): Uint8Array {
    const stored = Uint8Array.from(acl);
    mapAclIds(stored, (uid) => this.#uids.store(uid), (gid) => this.#gids.store(gid));
    return stored;
  }
}
