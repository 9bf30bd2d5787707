/** What a daemon rehearses once its mount has answered is seen by nobody. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { run } from "../harness/processes.js";
import { addon } from "../sys/sandbox.js";
import { Place, USUAL } from "./command.js";

let place: Place;
beforeEach(() => { place = new Place(); });
afterEach(() => { place.end(); });

const mounts = (): string => readFileSync("/proc/self/mountinfo", "latin1");

it("leaves nothing in the layers, no mount and no open file, and does not keep an unmount waiting", async () => {
  expect(place.ovlfs(["mount", ...USUAL, "m"])).toMatchObject({ status: 0, stderr: "" });
  const before = mounts();
  await pause(500);
  expect(mounts()).toBe(before);
  expect(readdirSync(place.tree.at("u"))).toEqual([]);
  expect(readdirSync(place.tree.at("w/work"))).toEqual([]);
  const [daemon] = place.processes();
  const held = readdirSync(`/proc/${daemon!}/fd`).map((fd) => readlinkSync(`/proc/${daemon!}/fd/${fd}`));
  expect(held.filter((path) => path.startsWith("/lower") || path.startsWith("/upper") || path.startsWith("/work"))).toEqual([]);
  expect(place.tree.read("m/f")).toBe("content");
  expect(place.ovlfs(["umount", "m"])).toMatchObject({ status: 0, stderr: "" });
  for (let time = 0; time < 5; time++) {
    expect(place.ovlfs(["mount", ...USUAL, "m"])).toMatchObject({ status: 0, stderr: "" });
    await pause(15 * time);
    expect(place.ovlfs(["umount", "m"])).toMatchObject({ status: 0, stderr: "" });
  }
});

it("is left out where the mount covers /proc, through which it would meet itself", () => {
  // Without /proc umount(8) does nothing.
  const unmount = `require(${JSON.stringify(addon)}).umount2("/proc", 0)`;
  const script = `"$@" /proc && sleep 0.2 && cat /proc/f && exec ${process.execPath} -e '${unmount}'`;
  const words = [process.execPath, place.cli, "mount", ...USUAL];
  expect(run("timeout", ["20", "unshare", "-m", "sh", "-c", script, "sh", ...words], { cwd: place.path })).toMatchObject({ status: 0, stdout: "content" });
});
