/** What /proc tells of callers is still told where a mount has covered it. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isRoot } from "../engine/fixture.js";

const PROC = join(import.meta.dirname, "../../dist/fuse/proc.js");

test.runIf(isRoot)("is read from before the mount", () => {
  const script = `
    import { execFileSync } from "node:child_process";
    import { existsSync } from "node:fs";
    const { textOfThread, linkOfThread } = await import(${JSON.stringify(PROC)});
    execFileSync("mount", ["-t", "tmpfs", "none", "/proc"]);
    console.log(existsSync("/proc/self"), /^Uid:\\t0\\t/m.test(textOfThread(process.pid, "status")),
      linkOfThread("self", "ns/user")?.startsWith("user:"), textOfThread(process.pid, "nothing") === "", linkOfThread(0, "ns/user"));
  `;
  const words = ["-m", process.execPath, "--input-type=module", "-e", script];
  expect(execFileSync("unshare", words, { encoding: "utf8", timeout: 20_000 })).toBe("false true true true null\n");
});
