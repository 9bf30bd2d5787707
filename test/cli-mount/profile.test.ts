/** The profile of a mount, from the start or begun while it runs. */
import { existsSync, readFileSync } from "node:fs";
import { once } from "node:events";
import { afterEach, beforeEach, expect, it } from "vitest";
import { waitUntil } from "../harness/processes.js";
import { Place, USUAL } from "./command.js";

let place: Place;

beforeEach(() => { place = new Place(); });
afterEach(() => { place.end(); });

/** The profiles in the file, each as its first line and the counts of its kinds. */
function profiles(): { summary: string; counts: ReadonlyMap<string, number>; last: string }[] {
  if (!existsSync(place.tree.at("profile"))) return [];
  return readFileSync(place.tree.at("profile"), "utf8").split("\n\n").filter((text) => text !== "").map((text) => {
    const [summary, , ...rows] = text.split("\n");
    const last = rows.pop()!;
    return { summary: summary!, last, counts: new Map(rows.map((row) => row.split(/ {2,}/)).map(([kind, count]) => [kind!, Number(count)])) };
  });
}

function daemon(): number {
  const [pid] = place.processes();
  return pid!;
}

it("--profile=FILE counts from the start, and is written at SIGUSR1 and at the unmount", () => {
  expect(place.ovlfs(["mount", ...USUAL, "--profile=profile", "m"])).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(place.tree.read("m/f")).toBe("content");
  process.kill(daemon(), "SIGUSR1");
  expect(waitUntil(() => profiles().length === 1)).toBe(true);
  place.tree.write("m/new", "four");
  expect(place.ovlfs(["umount", "m"])).toMatchObject({ status: 0 });
  const [first, last, ...more] = profiles();
  expect(more).toEqual([]);
  expect(first!.summary).toMatch(/^20\S+Z profile of m, [\d.]+ s: \d+ requests, [\d.]+ ms of serving/);
  expect([first!.counts.get("LOOKUP"), first!.counts.get("READ"), first!.counts.get("WRITE")]).toEqual([1, 1, undefined]);
  expect([last!.counts.get("READ"), last!.counts.get("WRITE")]).toEqual([1, 1]);
  expect(last!.last).toMatch(/^7 bytes read, 4 bytes written; notifications: \d+ of attributes, 0 of data, 0 of listings, 0 of names$/);
});

it("SIGUSR1 begins a profile of a mount that runs, shows it when it comes again, and SIGUSR2 ends it", async () => {
  const child = place.start(["mount", "-f", ...USUAL, "m"]);
  let log = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => { log += text; });
  const shown = async (times: number): Promise<void> => {
    while (log.split("notifications:").length <= times) await once(child.stderr!, "data", { signal: AbortSignal.timeout(10_000) });
  };
  expect(waitUntil(() => place.isMounted())).toBe(true);
  place.tree.stat("m/f");
  child.kill("SIGUSR1");
  // A signal is taken between requests: one that misses is sent until the profile has begun.
  while (!log.includes("LOOKUP")) {
    place.tree.exists(`m/missing${Math.random()}`);
    child.kill("SIGUSR1");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  log = "";
  child.kill("SIGUSR2");
  await shown(1);
  expect(log).toMatch(/ovlfs: profile of m, [\d.]+ s: \d+ requests/);
  expect(log).toMatch(/ovlfs: LOOKUP +\d+/);
  log = "";
  child.kill("SIGTERM");
  await once(child, "exit");
  expect(log).toBe("");
});

it("a file that can't be written is refused before anything is mounted, and so is the other transport", () => {
  expect(place.ovlfs(["mount", ...USUAL, "--profile=missing/profile", "m"])).toEqual({
    status: 1, stdout: "", stderr: "ovlfs: the file of --profile 'missing/profile' cannot be opened: ENOENT; name one that can be written\n",
  });
  expect(place.ovlfs(["mount", ...USUAL, "--profile", "--transport", "fuse-native", "m"]).stderr).toContain("--profile is not supported");
  expect(place.mounts()).toEqual([]);
});
