import { expect, test } from "vitest";
import { FUSE_NOTIFY_INVAL_ENTRY, FUSE_NOTIFY_INVAL_INODE } from "../../src/fuse/protocol.js";
import { fuse_notify_inval_entry_out, fuse_notify_inval_inode_out, fuse_out_header } from "../../src/fuse/structs.js";
import type { Bytes } from "../../src/sys/bytes.js";
import { directory, file, serve } from "./fixture.js";

test("a directory's attributes are taken back at once", () => {
  const { adapter, device } = serve({});
  adapter.notifier.attributesChanged(directory);
  expect(device.offThread).toEqual([]);
  const [notice] = device.messages;
  expect(notice!.length).toBe(fuse_out_header.sizeof + fuse_notify_inval_inode_out.sizeof);
  expect([notice!.unique, notice!.error]).toEqual([0n, FUSE_NOTIFY_INVAL_INODE]);
  expect([notice!.u64(fuse_notify_inval_inode_out.ino), notice!.i64(fuse_notify_inval_inode_out.off)]).toEqual([8n, -1n]);
});

test("those of a file by another thread, since the kernel may wait for this one", () => {
  const { adapter, device } = serve({});
  adapter.notifier.attributesChanged(file);
  adapter.notifier.attributesChanged(directory);
  expect(device.messages).toHaveLength(1);
  expect(device.offThread.map((notice) => [notice.u64(fuse_notify_inval_inode_out.ino), notice.i64(fuse_notify_inval_inode_out.off)])).toEqual([[7n, -1n]]);
});

test("a name is dropped by another thread, which waits for the directory's lock", () => {
  const { adapter, device } = serve({});
  void adapter.notifier.dropName(directory, "n\u00ff" as Bytes);
  expect(device.messages).toEqual([]);
  const [notice] = device.offThread;
  expect([notice!.length, notice!.bytes.length, notice!.unique, notice!.error]).toEqual([35, 35, 0n, FUSE_NOTIFY_INVAL_ENTRY]);
  expect([notice!.u64(fuse_notify_inval_entry_out.parent), notice!.u32(fuse_notify_inval_entry_out.namelen), notice!.u32(fuse_notify_inval_entry_out.flags)]).toEqual([8n, 2, 0]);
  expect(notice!.body.subarray(fuse_notify_inval_entry_out.sizeof).toString("latin1")).toBe("n\u00ff\0");
});

test("a directory's listing is dropped by another thread, for a reader may hold its pages", () => {
  const { adapter, device } = serve({});
  void adapter.notifier.dropListing(directory);
  expect(device.messages).toEqual([]);
  expect(device.offThread.map((notice) => [notice.u64(fuse_notify_inval_inode_out.ino), notice.i64(fuse_notify_inval_inode_out.off)])).toEqual([[8n, 0n]]);
});
