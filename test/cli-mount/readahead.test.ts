/** How far the kernel reads ahead in a mount. */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { deviceMajor, deviceMinor } from "../../src/sys/device.js";
import { Place, USUAL } from "./command.js";

let place: Place;
beforeEach(() => { place = new Place(); });
afterEach(() => { place.end(); });

/** The file of sysfs that says so for what is mounted at `path`. */
function readaheadOf(path: string): string {
  const { dev } = statSync(path);
  return `/sys/class/bdi/${deviceMajor(dev)}:${deviceMinor(dev)}/read_ahead_kb`;
}

/** Whether this process may change such a file; one that is refused the kernel lets nobody change. */
function mayChange(path: string): boolean {
  try {
    writeFileSync(path, readFileSync(path));
    return process.geteuid!() === 0;
  } catch {
    return false;
  }
}

it("reads ahead 256 KiB in files where root mounts, and as usual where that cannot be set", () => {
  expect(place.ovlfs(["mount", ...USUAL, "m"])).toMatchObject({ status: 0, stderr: "" });
  const path = readaheadOf(place.tree.at("m"));
  expect(Number(readFileSync(path, "latin1"))).toBe(mayChange(path) ? 256 : 128);
  expect(place.ovlfs(["umount", "m"])).toMatchObject({ status: 0, stderr: "" });
});
