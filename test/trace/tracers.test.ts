/** Those who trace: several at once, slow ones, killed ones, and those who may not. None of them holds up the mount. */
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { kernel } from "../harness/mounters.js";
import { run, waitUntil } from "../harness/processes.js";
import { bytes } from "../../src/sys/bytes.js";
import { AT_FDCWD } from "../../src/sys/constants.js";
import { E } from "../../src/sys/errno.js";
import { native } from "../../src/sys/native.js";
import { Place, USUAL } from "../cli-mount/command.js";
import { RunningTrace, tracing } from "./tracer.js";

let place: Place;
const NOBODY = 65534;
const traces: RunningTrace[] = [];

beforeEach(() => {
  place = new Place();
  place.tree.chmod("", 0o755);
});
afterEach(() => {
  for (const { child } of traces.splice(0)) child.kill("SIGKILL");
  place.end();
});

function mount(...words: string[]): void {
  expect(place.ovlfs(["mount", ...USUAL, ...words, "m"])).toEqual({ status: 0, stdout: "", stderr: "" });
}

function umount(): void {
  expect(place.ovlfs(["umount", "m"])).toMatchObject({ status: 0, stderr: "" });
}

async function start(...words: string[]): Promise<RunningTrace> {
  const trace = await tracing(place, ...words, "m");
  traces.push(trace);
  return trace;
}

/** The files of the daemon that are sockets. */
function sockets(): string[] {
  const [pid] = place.processes();
  return run("sh", ["-c", `ls -l /proc/${pid}/fd | grep -o "socket:.*" || true`]).stdout.split("\n").filter((line) => line !== "");
}

describe("tracers", () => {
  it("several each see all that happens since they began", async () => {
    mount();
    const first = await start("--only", "create");
    place.tree.mkdir("m/a");
    await first.shows("create a (directory)");
    const second = await start("--only", "create");
    place.tree.mkdir("m/b");
    umount();
    expect((await first.ended()).lines).toEqual(["create a (directory)", "create b (directory)"]);
    expect((await second.ended()).lines).toEqual(["create b (directory)"]);
  });

  it("one that does not read holds up nobody, and is told how much it has missed", async () => {
    mount();
    const trace = await start("--json", "--only", "lookup-miss");
    trace.child.kill("SIGSTOP");
    const names = 20_000;
    const long = "x".repeat(200);
    for (let i = 0; i < names; i++) place.tree.exists(`m/${long}${i}`);
    expect(place.tree.read("m/f")).toBe("content");
    trace.child.kill("SIGCONT");
    const counted = (kind: string): number => trace.lines.map((line) => JSON.parse(line) as { readonly kind: string; readonly count?: number })
      .filter((event) => event.kind === kind).reduce((sum, { count }) => sum + (count ?? 1), 0);
    const end = performance.now() + 20_000;
    while (counted("lookup-miss") + counted("dropped") < names && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 100));
    expect(counted("dropped")).toBeGreaterThan(0);
    expect(counted("lookup-miss") + counted("dropped")).toBe(names);
    umount();
  });

  it("one that is killed leaves a mount that goes on, with nothing of it open, and others see on", async () => {
    mount();
    const killed = await start();
    const other = await start("--only", "create");
    killed.child.kill("SIGKILL");
    await killed.ended();
    for (const name of ["a", "b", "c"]) place.tree.mkdir(`m/${name}`);
    expect(waitUntil(() => sockets().length === 1)).toBe(true);
    other.child.kill("SIGTERM");
    expect(await other.ended()).toMatchObject({ status: 0, lines: ["a", "b", "c"].map((name) => `create ${name} (directory)`) });
    expect(waitUntil(() => sockets().length === 0)).toBe(true);
    place.tree.mkdir("m/d");
    umount();
  });

  it("a daemon that is killed ends the trace with a sentence", async () => {
    mount();
    const trace = await start();
    process.kill(place.processes().find((pid) => pid !== trace.child.pid)!, "SIGKILL");
    expect(await trace.ended()).toMatchObject({ status: 1, stderr: "tracing m\novlfs: the daemon of the mount has gone\n" });
  });

  it("one whose reader has seen enough ends", () => {
    mount();
    const seen = run("sh", ["-c", `: >started; ${process.execPath} ${place.cli} trace m 2>started | head -n 1 & `
      + "until grep -q tracing started; do sleep 0.1; done; mkdir m/a m/b; rmdir m/a m/b; wait"], { cwd: place.path });
    expect(seen).toMatchObject({ status: 0, stdout: "lookup miss a\n" });
    umount();
  });

  it("leave no socket behind, and need none in the mount though TMPDIR be there", async () => {
    mount();
    place.tree.mkdir("m/tmp");
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith("ovlfs-trace-"));
    const trace = await new RunningTrace(place, ["m"], { TMPDIR: place.tree.at("m/tmp") }).started();
    traces.push(trace);
    place.tree.rmdir("m/tmp");
    await trace.shows("remove tmp (directory)");
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith("ovlfs-trace-"))).toEqual(before);
    umount();
    expect(await trace.ended()).toMatchObject({ status: 0 });
  });

  it("who asks for a socket in the mount itself, or where none is, gets no trace and holds up nobody", async () => {
    mount("--log", "log");
    const ask = (socket: string): number =>
      native.getxattrat(AT_FDCWD, bytes(place.tree.at("m")), bytes(`user.ovlfs.trace.${socket}`), Buffer.alloc(64));
    for (const socket of [place.tree.at("m/d/socket"), place.tree.at("nothing/socket"), place.tree.at("l/f")]) expect(ask(socket)).toBe(0);
    expect([ask("relative"), ask("")]).toEqual([-E.ENODATA, -E.ENODATA]);
    expect(place.tree.read("m/f")).toBe("content");
    expect(waitUntil(() => place.tree.exists("log") && place.tree.read("log").includes("a trace can't be sent"))).toBe(true);
    const trace = await start("--only", "create");
    place.tree.mkdir("m/d");
    umount();
    expect((await trace.ended()).lines).toEqual(["create d (directory)"]);
  });

  it("the user who mounted may trace, and who is neither that nor root may not", () => {
    const asBob = "setpriv --reuid=1002 --regid=1002 --clear-groups";
    const own = place.asUser(NOBODY, 'cd "$(mktemp -d)" && mkdir l u w m && touch l/f && "$@" mount --lower l --upper u --work w m && '
      + ': >started && { "$@" trace m >events 2>started & until grep -q tracing started; do sleep 0.1; done; rm m/f; "$@" umount m; wait; cat events; rm -rf "$PWD"; }');
    expect(own).toEqual({ status: 0, stdout: "whiteout f\nremove f\n", stderr: "" });
    mount();
    const refused = run("sh", ["-c", `${asBob} ${process.execPath} ${place.cli} trace m`], { cwd: place.path });
    expect(refused).toEqual({ status: 1, stdout: "", stderr: "ovlfs: 'm' was mounted by another user; trace it as root, or as that user\n" });
    umount();
  });

  it("root may trace the mount of another user, if root may enter it", () => {
    for (const name of ["l", "u", "w", "m"]) place.tree.chown(name, NOBODY, NOBODY);
    place.tree.write("fuse.conf", "user_allow_other\n");
    const script = "mount --bind fuse.conf /etc/fuse.conf && "
      + `setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups "$@" mount --lower l --upper u --work w -o allow_other m && `
      + ': >started && { "$@" trace m >events 2>started & until grep -q . started; do sleep 0.1; done; rm m/f; umount m; wait; cat started events; }';
    const seen = place.withOwnDevices("mknod -m 666 dev/fuse c 10 229", ["sh", "-c", script, "sh", process.execPath, place.cli]);
    expect(seen).toEqual({ status: 0, stdout: "tracing m\nwhiteout f\nremove f\n", stderr: "" });
  });
});

describe("what can't be traced is refused in one sentence", () => {
  const refusal = (path: string): string => {
    const { status, stdout, stderr } = place.ovlfs(["trace", path]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    return stderr;
  };

  it("a path that is not there, and one that is no mount", () => {
    expect(refusal("nothing")).toBe("ovlfs: 'nothing' can't be opened (ENOENT); name the directory where an overlay is mounted\n");
    expect(refusal("l/f")).toBe("ovlfs: 'l/f' can't be opened (ENOTDIR); name the directory where an overlay is mounted\n");
    expect(refusal("l")).toBe("ovlfs: 'l' is not a mount of ovlfs; name the directory where 'ovlfs mount' mounted\n");
  });

  it("a directory inside a mount, and a mount over libfuse 2", () => {
    mount("--transport", "fuse-native");
    place.tree.mkdir("m/d");
    expect(refusal("m/d")).toBe("ovlfs: 'm/d' lies inside a mount of ovlfs; name the mount point itself\n");
    expect(refusal("m")).toBe("ovlfs: 'm' can't be traced; mount it without --transport fuse-native, and with this version of ovlfs\n");
    umount();
  });

  it.runIf(kernel.unavailable() === null)("a mount of the kernel's overlay", () => {
    kernel.mount({ cwd: place.path, lowers: ["l"], upper: "u", work: "w", merged: "m" });
    expect(refusal("m")).toBe("ovlfs: 'm' is mounted by the kernel's overlay, which tells nobody what it does; mount its layers with ovlfs to trace them\n");
    run("umount", ["m"], { cwd: place.path });
  });

  it("words that are wrong", () => {
    expect(place.ovlfs(["trace"]).stderr).toBe("ovlfs: no mount point is given; name the directory of the mount to trace\n");
    expect(place.ovlfs(["trace", "--only", "copyup", "m"]).stderr).toContain("--only copyup is no kind of event; there are copy-up, whiteout,");
    expect(place.ovlfs(["trace", "--nothing", "m"]).stderr).toBe("ovlfs: unknown option '--nothing'; 'ovlfs trace --help' lists all that there are\n");
    expect(place.ovlfs(["trace", "--help"])).toMatchObject({ status: 0, stdout: expect.stringContaining("usage: ovlfs trace") as string });
  });
});
