import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Operations } from "../../src/fuse-native/operations.js";
import { bytes } from "../../src/sys/bytes.js";
import { E } from "../../src/sys/errno.js";
import { S_IFDIR, S_IFMT, S_IFREG } from "../../src/sys/stat.js";
import { Fixture } from "../engine/fixture.js";

const RAW = "a\uFFFD";
/** The owner of a test's files, as chown takes it. */
const OWNER = [process.geteuid!(), process.getegid!()] as const;

describe("operations of libfuse 2", () => {
  let fixture: Fixture;
  let operations: Operations;
  let logged: string[];

  beforeEach(() => {
    fixture = new Fixture();
    fixture.file("lower1", "d/f", "content");
    logged = [];
    const seen = new Set<string>();
    operations = new Operations({
      engine: fixture.open(), mountpoint: bytes("/m"), source: bytes("s"), flags: 0, allowOther: false, copyUpAtOpen: false, passthrough: false, listsProvenance: false, tracer: { start: () => 0, servedFor: () => 0 }, debug: false,
      log: {
        info: () => undefined,
        warn: (message, cause) => {
          if (cause !== undefined && seen.has(cause)) return;
          if (cause !== undefined) seen.add(cause);
          logged.push(message);
        },
      },
    });
  });
  afterEach(() => fixture.close());

  const outcome = (act: (done: (outcome: number) => void) => void): Promise<number> => new Promise((resolve) => act(resolve));
  const opened = (act: (done: (outcome: number, handle?: number) => void) => void): Promise<number> =>
    new Promise((resolve) => act((error, handle) => resolve(error < 0 ? error : handle!)));

  it("refuses names that are not UTF-8 with EILSEQ and one line in the log", async () => {
    expect(await outcome((done) => operations.getattr(`/${RAW}`, done))).toBe(-E.EILSEQ);
    expect(await outcome((done) => operations.mkdir(`/d/${RAW}`, 0o755, done))).toBe(-E.EILSEQ);
    expect(await outcome((done) => operations.symlink(RAW, "/l", done))).toBe(-E.EILSEQ);
    expect(await outcome((done) => operations.setxattr("/d/f", `user.${RAW}`, Buffer.from("x"), 0, 0, done))).toBe(-E.EILSEQ);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain("not UTF-8");
  });

  it("leaves names that are not UTF-8 out of a listing, with one line in the log", async () => {
    fixture.file("lower1", "kept");
    fixture.run("sh", "-c", `touch "$(printf '${fixture.path("lower1")}/raw\\377')"`);
    const names = await new Promise((resolve) => operations.readdir("/", (_, listed) => resolve(listed)));
    expect(names).toEqual(expect.arrayContaining(["d", "kept"]));
    expect((names as string[]).some((name) => name.startsWith("raw"))).toBe(false);
    expect(logged).toHaveLength(1);
  });

  it("refuses to set an ACL with EOPNOTSUPP and one line in the log, and shows none", async () => {
    const acl = "system.posix_acl_access";
    expect(await outcome((done) => operations.setxattr("/d/f", acl, Buffer.alloc(4), 0, 0, done))).toBe(-E.EOPNOTSUPP);
    expect(await outcome((done) => operations.setxattr("/d", acl, Buffer.alloc(4), 0, 0, done))).toBe(-E.EOPNOTSUPP);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain("ACL");
    expect(await outcome((done) => operations.getxattr("/d/f", acl, Buffer.alloc(0), done))).toBe(-E.EOPNOTSUPP);
    expect(logged).toHaveLength(1);
  });

  it("refuses times that got lost on the way", async () => {
    expect(await outcome((done) => operations.utimens("/d/f", 0, NaN, done))).toBe(-E.EOPNOTSUPP);
    expect(logged).toHaveLength(1);
    expect(fixture.inUpper("d")).toBe("absent");
  });

  it("answers EIO to the one who meets an exception, and logs it", async () => {
    const engine = fixture.engine;
    engine.getattr = (): never => { throw new Error("broken"); };
    expect(await outcome((done) => operations.getattr("/d", done))).toBe(-E.EIO);
    expect(logged.join()).toContain("broken");
    expect(await outcome((done) => operations.unlink("/d/f", done))).toBe(0);
  });

  it("gives back every inode that it walked to", async () => {
    const before = fixture.engine.inodeCount;
    await outcome((done) => operations.getattr("/d/f", done));
    await outcome((done) => operations.getattr("/d/nothing/f", done));
    await outcome((done) => operations.chmod("/d/f", 0o600, done));
    await outcome((done) => operations.mkdir("/d/new", 0o755, done));
    await outcome((done) => operations.rename("/d/f", "/d/g", done));
    await outcome((done) => operations.link("/d/g", "/d/h", done));
    await outcome((done) => operations.fsyncdir("/d", 0, 0, done));
    const handle = await opened((done) => operations.open("/d/g", 0, done));
    await opened((done) => operations.create("/d/made", S_IFREG | 0o644, done));
    expect(await outcome((done) => operations.release("/d/g", handle, done))).toBe(0);
    operations.close();
    expect(fixture.engine.inodeCount).toBe(before);
    expect(logged).toEqual([]);
  });

  it("keeps an open file by its handle over a rename, and refuses the handle once it is released", async () => {
    const handle = await opened((done) => operations.open("/d/f", 0, done));
    expect(handle).toBeGreaterThan(0);
    await outcome((done) => operations.rename("/d/f", "/d/g", done));
    const buffer = Buffer.alloc(16);
    expect(await outcome((done) => operations.read("/d/f", handle, buffer, 16, 0, done))).toBe(7);
    expect(buffer.toString("utf8", 0, 7)).toBe("content");
    await outcome((done) => operations.release("/d/f", handle, done));
    expect(await outcome((done) => operations.read("/d/f", handle, buffer, 16, 0, done))).toBe(-E.EBADF);
    expect(await outcome((done) => operations.release("/d/f", handle, done))).toBe(-E.EBADF);
  });

  it("leaves an owner of -1 as it is", async () => {
    const handle = await opened((done) => operations.create("/new", S_IFREG | 0o640, done));
    expect(await outcome((done) => operations.chown("/new", 0xffff_ffff, OWNER[1], done))).toBe(0);
    const stat = fixture.stat(fixture.at("new"));
    expect([stat.uid, stat.gid, stat.mode & 0o7777]).toEqual([...OWNER, 0o640]);
    await outcome((done) => operations.release("/new", handle, done));
  });

  it("lists with types", async () => {
    const types = await new Promise((resolve) => operations.readdir("/d", (_, names, stats) =>
      resolve(Object.fromEntries(names!.map((name, index) => [name, stats![index]!.mode & S_IFMT])))));
    expect(types).toMatchObject({ ".": S_IFDIR, f: S_IFREG });
  });
});
