import { readdirSync, readlinkSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { rehearseFirstRequests } from "../../src/cli/rehearsal.js";
import type { FeatureOptions } from "../../src/engine/options.js";
import { Opcode } from "../../src/fuse/protocol.js";

/** A file has no capabilities, and of opens and closes nothing needs to be told. */
const REFUSED = [Opcode.OPEN, Opcode.GETXATTR, Opcode.FLUSH];
const isRoot = process.geteuid!() === 0;

const open = (): string[] => readdirSync("/proc/self/fd").flatMap((fd) => {
  try {
    return [readlinkSync(`/proc/self/fd/${fd}`)];
  } catch {
    return [];
  }
}).sort();

describe.runIf(isRoot)("the first requests are rehearsed", () => {
  const cases: readonly (readonly [string, FeatureOptions])[] = [
    ["by default", {}], ["volatile", { fsync: "volatile" }], ["with metacopies and an index", { metacopy: true, index: true, redirectDir: "on" }],
    ["with user xattrs", { userxattr: true }], ["for NFS", { nfsExport: true, index: true }], ["with OCI marks", { whiteouts: "oci" }],
  ];
  it.each(cases)("%s, each with the answer that a kernel would get, and nothing stays open", async (_, features) => {
    const before = open();
    const refused = await rehearseFirstRequests({ inodeCount: 1 }, features, false);
    expect(refused).toEqual([...REFUSED, ...REFUSED, ...REFUSED, ...REFUSED]);
    expect(open()).toEqual(before);
  });

  it.each([0, 1, 10])("until callers come: asked %i times before, it is cut short and nothing stays open", async (times) => {
    const before = open();
    let asked = 0;
    const served = { get inodeCount() { return asked++ < times ? 1 : 1000; } };
    expect(await rehearseFirstRequests(served, {}, false)).toBeNull();
    expect(asked).toBe(times + 1);
    expect(open()).toEqual(before);
  });
});
