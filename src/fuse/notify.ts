/**
 * Takes back attributes that the kernel keeps (FUSE_NOTIFY_INVAL_INODE with a negative offset, which leaves
 * cached data alone). Sent before the answer to the request that caused the change, so that whoever gets
 * that answer sees the new attributes.
 *
 * This cannot deadlock with a request in flight: fuse_reverse_inval_inode takes neither the inode's lock nor,
 * with a negative offset, any page. It only waits where it finds the inode being evicted. An inode that a
 * request in flight is about is not, and the eviction of a directory waits for nobody; but that of a file may
 * wait for its times to be written back, which is for this very thread to answer. So any other file is
 * notified from another thread.
 */
import type { Inode } from "../engine/inode.js";
import type { Bytes } from "../sys/bytes.js";
import { FUSE_NOTIFY_INVAL_ENTRY, FUSE_NOTIFY_INVAL_INODE } from "./protocol.js";
import type { Device } from "./reply.js";
import { fuse_notify_inval_entry_out, fuse_notify_inval_inode_out, fuse_out_header } from "./structs.js";
import { Words } from "./words.js";

/** What waits for file data does not hold up what waits for a listing. */
export type Lane = "files" | "listings";

/** A device that can also be written to without waiting for it, and that requests come from. */
export interface NotifyingDevice extends Device {
  /** Calls back once the requests that are there now have been served; with very many, once others should have their turn. */
  whenCaughtUp(callback: () => void): void;
  /** Writes on another thread; settles when that is done, with or without success. The buffer is given away. */
  writeOffThread(buffer: Uint8Array, lane: Lane): Promise<void>;
}

/** Notifications by what they are about. */
export interface Sent {
  readonly attributes: number;
  readonly data: number;
  readonly listings: number;
  readonly names: number;
}

const ATTRIBUTES_ONLY = -1;
const LENGTH = fuse_out_header.sizeof + fuse_notify_inval_inode_out.sizeof;

export class Notifier {
  readonly #device: NotifyingDevice;
  readonly #message = new Words(LENGTH);
  /** How many there have been. */
  readonly sent = { attributes: 0, data: 0, listings: 0, names: 0 };

  constructor(device: NotifyingDevice) {
    this.#device = device;
    this.#message.setU32(fuse_out_header.len, LENGTH);
    this.#message.setU32(fuse_out_header.error, FUSE_NOTIFY_INVAL_INODE);
  }

  /** The attributes of some inode changed. */
  attributesChanged(inode: Inode): void {
    if (inode.isDirectory) {
      this.attributesOfServedChanged(inode);
      return;
    }
    this.sent.attributes += 1;
    this.#address(inode, ATTRIBUTES_ONLY);
    void this.#writeOffThread("files");
  }

  /** The attributes of the inode that the request being served is about changed, other than by its answer. */
  attributesOfServedChanged(inode: Inode): void {
    this.sent.attributes += 1;
    this.#address(inode, ATTRIBUTES_ONLY);
    this.#device.write(this.#message.buffer, LENGTH);
  }

  /**
   * Has the kernel write back what it holds of a file's data from `offset` on, and drop it; settles when that
   * is done. The WRITEs that this causes are served meanwhile, so it must not be waited for on this thread.
   */
  dropData(inode: Inode, offset: number): Promise<void> {
    this.sent.data += 1;
    this.#address(inode, offset);
    return this.#writeOffThread("files");
  }

  /**
   * Has the kernel drop a directory's listing, which it then asks for anew; settles when that is done. This too
   * can't be waited for on this thread: a reader who has one of its pages locked may be about to ask us for the
   * memory that it reads to.
   */
  dropListing(directory: Inode): Promise<void> {
    this.sent.listings += 1;
    this.#address(directory, 0);
    return this.#writeOffThread("listings");
  }

  /**
   * Has the kernel drop a name, and with it the inode as soon as nobody has it open, so that both are looked up anew. It waits for
   * the lock of the directory, whose holder may wait for this thread.
   */
  dropName(directory: Inode, name: Bytes): Promise<void> {
    this.sent.names += 1;
    const start = fuse_out_header.sizeof + fuse_notify_inval_entry_out.sizeof;
    const length = start + name.length + 1;
    const message = new Words(length);
    message.setU32(fuse_out_header.len, length);
    message.setU32(fuse_out_header.error, FUSE_NOTIFY_INVAL_ENTRY);
    message.setU64(fuse_out_header.sizeof + fuse_notify_inval_entry_out.parent, directory.id);
    message.setU32(fuse_out_header.sizeof + fuse_notify_inval_entry_out.namelen, name.length);
    message.buffer.write(name, start, "latin1");
    return this.#device.writeOffThread(message.buffer.subarray(0, length), "files");
  }

  #writeOffThread(lane: Lane): Promise<void> {
    return this.#device.writeOffThread(Uint8Array.prototype.slice.call(this.#message.buffer), lane);
  }

  #address(inode: Inode, offset: number): void {
    this.#message.setU64(fuse_out_header.sizeof + fuse_notify_inval_inode_out.ino, inode.id);
    this.#message.setU64(fuse_out_header.sizeof + fuse_notify_inval_inode_out.off, offset);
  }
}
