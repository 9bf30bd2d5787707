import { expect, test } from "vitest";
import { FUSE_SETXATTR_ACL_KILL_SGID, Opcode } from "../../src/fuse/protocol.js";
import { fuse_getxattr_in, fuse_getxattr_out, fuse_setxattr_in } from "../../src/fuse/structs.js";
import { XATTR_CREATE } from "../../src/sys/constants.js";
import { E } from "../../src/sys/errno.js";
import { S_IFREG } from "../../src/sys/stat.js";
import { encode, fill, file, initialize, named, serve } from "./fixture.js";

const VALUE = Buffer.from("v\0w");

test("GETXATTR answers the value, or its size where 0 is asked for", () => {
  const served = serve({
    getxattr: (_inode, _name, buffer) => {
      if (buffer.length === 0) return VALUE.length;
      return buffer.length < VALUE.length ? -E.ERANGE : VALUE.copy(buffer);
    },
  });
  const get = (size: number) => served.send(Opcode.GETXATTR, { nodeid: 7 }, encode(fuse_getxattr_in, { size }), named("user.x"))!;
  expect(get(4096).body).toEqual(VALUE);
  expect([get(0).u32(fuse_getxattr_out.size), get(0).body.length]).toEqual([3, fuse_getxattr_out.sizeof]);
  expect(get(2).error).toBe(-E.ERANGE);
});

test("LISTXATTR answers the names, their size, or ERANGE", () => {
  const names = Buffer.from("user.a\0user.b\0");
  const served = serve({ listxattr: () => names });
  const list = (size: number) => served.send(Opcode.LISTXATTR, { nodeid: 7 }, encode(fuse_getxattr_in, { size }))!;
  expect(list(14).body).toEqual(names);
  expect(list(0).u32(fuse_getxattr_out.size)).toBe(14);
  expect(list(13).error).toBe(-E.ERANGE);
});

test.each([["the long form", true], ["the short form, before FUSE_SETXATTR_EXT", false]])("SETXATTR in %s", (_, extended) => {
  const asked: unknown[] = [];
  const served = serve({ setxattr: (inode, name, value, flags) => { asked.push([inode, name, Buffer.from(value).toString(), flags]); return 0; } });
  if (extended) initialize(served);
  const words = encode(fuse_setxattr_in, { size: 3, flags: XATTR_CREATE });
  served.send(Opcode.SETXATTR, { nodeid: 7 }, extended ? words : words.subarray(0, 8), named("user.x"), VALUE);
  expect(asked).toEqual([[file, "user.x", "v\0w", XATTR_CREATE]]);
});

test("setting an access ACL clears setgid where the kernel says so", () => {
  const changes: unknown[] = [];
  const served = serve({
    setxattr: () => 0, setattr: (_, change) => { changes.push(change); return 0; },
    getattr: (_, stat) => fill(stat, 1n, { Mode: S_IFREG | 0o2755 }),
  });
  initialize(served);
  const set = (setxattr_flags: number): void =>
    void served.send(Opcode.SETXATTR, { nodeid: 7 }, encode(fuse_setxattr_in, { setxattr_flags }), named("system.posix_acl_access"));
  set(0);
  expect(changes).toEqual([]);
  set(FUSE_SETXATTR_ACL_KILL_SGID);
  expect(changes).toEqual([{ mode: 0o755 }]);
});

test("REMOVEXATTR", () => {
  const asked: unknown[] = [];
  serve({ removexattr: (...words) => { asked.push(words); return -E.ENODATA; } }).send(Opcode.REMOVEXATTR, { nodeid: 7 }, named("user.x"));
  expect(asked).toEqual([[file, "user.x"]]);
});
