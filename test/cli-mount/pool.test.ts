/** Long copy-ups share libuv's pool with what waits for them in the kernel: no size of the pool brings that to a halt. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, beforeEach, expect, it } from "vitest";
import { dir, file } from "../harness/layers.js";
import { Place, USUAL } from "./command.js";

const MIB = 1024 * 1024;
const NAMES = ["a", "b", "c", "d", "e", "f"];
const LARGE = Buffer.alloc(8 * MIB, "lower");

let place: Place;
beforeEach(() => { place = new Place({ large: dir(Object.fromEntries(NAMES.map((name) => [name, file(LARGE)]))) }); });
afterEach(() => { place.end(); });

/** Writes into a large file of a lower, asks for its holes while the write is only cached, and syncs it. */
const CHANGE = `
  const fs = require("fs"), { native } = { native: require(process.argv[1]) };
  const fd = fs.openSync(process.argv[2], "r+");
  fs.writeSync(fd, "upper", 5000);
  const hole = native.lseek(fd, 0, 4);
  if (hole !== ${8 * MIB}) throw new Error("SEEK_HOLE answers " + hole);
  fs.writeSync(fd, "upper", 6000);
  fs.fsyncSync(fd);
`;

it.each(["1", "2", "3", "4", "8"])("six large files are written, searched for holes and synced at once with %s threads in the pool", async (threads) => {
  const words = ["mount", ...USUAL.map((word) => (word === "l" ? "large" : word)), "m"];
  expect(place.ovlfs(words, { env: { ...process.env, UV_THREADPOOL_SIZE: threads } })).toMatchObject({ status: 0, stderr: "" });
  const addon = new URL("../../build/Release/ovlfs.node", import.meta.url).pathname;
  const changes = NAMES.map((name) => spawn(process.execPath, ["-e", CHANGE, addon, place.tree.at(`m/${name}`)], { stdio: "inherit" }));
  const statuses = await Promise.all(changes.map((child) => once(child, "exit", { signal: AbortSignal.timeout(20_000) })));
  expect(statuses.map(([status]) => status as number)).toEqual(NAMES.map(() => 0));
  expect(place.ovlfs(["umount", "m"])).toMatchObject({ status: 0, stderr: "" });
  const expected = Buffer.from(LARGE);
  for (const position of [5000, 6000]) expected.write("upper", position);
  for (const name of NAMES) expect(place.tree.read(`u/${name}`) === expected.toString("latin1")).toBe(true);
}, 60_000);
