/** What the kernel's FUSE does of its own accord, so that ovlfs differs from the kernel's overlay; docs/differences.md says why. */
import { expect } from "vitest";
import { file } from "../harness/layers.js";
import { ovlfs } from "../harness/mounters.js";
import { overlay } from "../harness/overlay-cases.js";
import { run, waitUntil } from "../harness/processes.js";
import { check, outcome } from "../harness/syscalls.js";
import { O_RDWR } from "../../src/sys/constants.js";
import { native } from "../../src/sys/native.js";

const BEYOND_EXT4 = 2 ** 44;
const MIB = 1 << 20;

overlay("the ways of FUSE", { mounters: [ovlfs] }, (it) => {
  it("a signal that its caller lives through is no error of a long copy-up", { lower: { big: file(Buffer.alloc(64 * MIB, "big ")) } }, ({ merged, upper }) => {
    const script = "use Time::HiRes 'ualarm'; $SIG{ALRM} = sub {}; ualarm(1000, 1000); chmod(0600, $ARGV[0]) or die qq($!\\n)";
    expect(run("perl", ["-e", script, merged.at("big")])).toMatchObject({ status: 0, stderr: "" });
    expect(upper.stat("big")).toMatchObject({ mode: "600", size: 64 * MIB });
  });

  it("reading what the kernel holds already leaves the access time", { lower: { f: file("x") }, upper: { u: file("y") } }, ({ merged }) => {
    merged.write("u", "written here");
    merged.setAtime("u", 1000000000, 0);
    merged.read("u");
    expect(merged.stat("u").atime).toBe("1000000000.000000000");
  });

  it("syncfs brings what was written to the upper", { lower: { f: file("0123456789") } }, ({ merged, upper }) => {
    merged.with("f", O_RDWR, (opened) => {
      opened.write("abc", 3);
      check(native.syncfs(opened.fd), "syncfs");
      // Newer kernels need not wait for a FUSE daemon here (AS_NO_DATA_INTEGRITY).
      waitUntil(() => upper.read("f") === "012abc6789");
      expect(upper.read("f")).toBe("012abc6789");
    });
  });
});

overlay("the ways of FUSE on ext4", { mounters: [ovlfs], on: { lowers: ["ext4"], upper: "ext4" } }, (it) => {
  it("a write beyond the largest file of the upper is refused by fsync", { upper: { u: file("0123456789") } }, ({ merged, upper, remount }) => {
    const wrote = outcome(() => {
      merged.with("u", O_RDWR, (opened) => {
        opened.write("x", BEYOND_EXT4);
        opened.sync();
      });
    });
    expect(wrote).toBe("EFBIG");
    remount();
    expect([merged.read("u"), upper.read("u")]).toEqual(["0123456789", "0123456789"]);
  });
});
