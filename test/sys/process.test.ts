import { expect } from "vitest";
import { inProcess, test, testAsRoot } from "./sandbox.js";

/** These change the process itself, so each runs in one of its own. */

testAsRoot("a file made under another fsuid, fsgid and group is theirs", ({ sandbox }) => {
  const path = JSON.stringify(sandbox.path);
  expect(inProcess(`
    const fs = require("node:fs");
    fs.chmodSync(${path}, 0o777);
    const answers = [native.setgroups(new Uint32Array([77])), native.setfsgid(34), native.setfsuid(12)];
    const fd = native.openat(c.AT_FDCWD, ${path} + "/made", c.O_CREAT | c.O_WRONLY, 0o644);
    const { uid, gid } = fs.fstatSync(fd);
    const groups = /Groups:\\s+77 /.test(fs.readFileSync("/proc/thread-self/status", "utf8"));
    process.stdout.write(JSON.stringify([...answers, uid, gid, groups]));`)).toBe("[0,0,0,12,34,true]");
});

testAsRoot("capabilities are lost with fsuid 0, unless they are kept", ({ sandbox }) => {
  const probe = (keep: string): string => inProcess(`
    require("node:fs").mkdirSync(${JSON.stringify(`${sandbox.path}/closed`)}, { recursive: true, mode: 0o700 });
    const kept = ${keep};
    native.setfsuid(12);
    const made = native.mkdirat(c.AT_FDCWD, ${JSON.stringify(`${sandbox.path}/closed/x`)} + kept, 0o755);
    process.stdout.write(String(made));`);
  expect(probe("-1")).toBe("-13");
  expect(probe("native.keepCapabilities()")).toBe("0");
});

testAsRoot("without the privilege to change it, setfsuid says so", () => {
  expect(inProcess(`
    process.setgid(34); process.setuid(12);
    process.stdout.write(JSON.stringify([native.setfsuid(0), native.setfsuid(12), native.setfsgid(0), native.setgroups(new Uint32Array([1]))]));`))
    .toBe("[-1,0,-1,-1]");
});

test("umask answers with the mask before", () => {
  expect(inProcess("native.umask(0o27); process.stdout.write(String(native.umask(0)))")).toBe(String(0o27));
});

test("raiseFileLimit answers with the limit in force", () => {
  const hard = inProcess(`process.stdout.write(/open files +\\S+ +(\\d+)/.exec(
    require("node:fs").readFileSync("/proc/self/limits", "utf8"))[1])`);
  expect(inProcess("process.stdout.write(String(native.raiseFileLimit()))")).toBe(hard);
});

test("mallocTrim gives back what the C library has kept of freed memory", () => {
  const resident = `Number(/VmRSS:\\s+(\\d+)/.exec(require("node:fs").readFileSync("/proc/self/status", "utf8"))[1])`;
  // Every other buffer stays, so that what the rest leaves lies in holes, which free(3) gives back to nobody.
  const [before, after, answer] = JSON.parse(inProcess(`
    require("node:v8").setFlagsFromString("--expose-gc");
    const collect = require("node:vm").runInNewContext("gc");
    const halfOf = () => Array.from({ length: 400 }, () => new Uint8Array(100_000).fill(1)).filter((_, at) => at % 2 === 0);
    const kept = halfOf();
    // Buffers are freed on another thread, for which the next collection waits.
    for (let time = 0; time < 3; time++) collect();
    const before = ${resident};
    const answer = native.mallocTrim();
    process.stdout.write(JSON.stringify([before, ${resident}, answer, kept.length]));`)) as [number, number, number];
  expect(answer).toBe(1);
  expect(after).toBeLessThan(before - 10_000);
});

test("detach leaves the session and the directory", () => {
  const session = `Number(require("node:fs").readFileSync("/proc/self/stat", "utf8").split(" ")[5])`;
  const program = `const made = native.detach();
    process.stdout.write(JSON.stringify([made, ${session} === process.pid, require("node:fs").readlinkSync("/proc/self/cwd"), native.umask(0), native.detach()]));`;
  expect(inProcess(program)).toBe('[0,true,"/",0,0]');
});

test("syslog takes any text and answers nothing, with or without a log daemon", () => {
  expect(inProcess(`process.stdout.write(String(native.syslog(c.LOG_DEBUG, "%s%n ä")) + native.syslog(c.LOG_DEBUG, "x".repeat(1e5)))`))
    .toBe("undefinedundefined");
});
