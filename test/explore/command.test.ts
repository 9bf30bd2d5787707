/** The words of `ovlfs explore`: what it takes, and the one sentence for what it does not. */
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Place } from "../cli-mount/command.js";
import { Explorer } from "./explorer.js";

let place: Place;

beforeEach(() => { place = new Place(); });
afterEach(() => { place.end(); });

it.each([
  [[], /^ovlfs: no overlay is named; /],
  [["m"], /^ovlfs: 'm' lies in no overlay; /],
  [["nowhere"], /^ovlfs: 'nowhere' /],
  [["--lower", "nowhere"], /^ovlfs: .*nowhere/],
  [["m", "u"], /^ovlfs: there is one word too many: 'u'; /],
  [["--upper", "u"], /^ovlfs: no lower layer is given; /],
  [["--port", "0", "--lower", "l"], /^ovlfs: '0' is no port; /],
  [["--port", "65536", "--lower", "l"], /^ovlfs: '65536' is no port; /],
  [["--port=x", "--lower", "l"], /^ovlfs: 'x' is no port; /],
  [["--open", "--lower", "l"], /^ovlfs: unknown option '--open'; 'ovlfs explore --help' lists /],
] as const)("ovlfs explore %j ends in one sentence and status 1", (words, sentence) => {
  const { status, stdout, stderr } = place.ovlfs(["explore", ...words]);
  expect([status, stdout, stderr.trimEnd().split("\n").length]).toEqual([1, "", 1]);
  expect(stderr).toMatch(sentence);
});

it("--port listens there, and says so where another does already", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const refused = place.ovlfs(["explore", "--port", String(port), "--lower", "l"]);
  expect(refused).toMatchObject({ status: 1, stderr: `ovlfs: port ${port} cannot be used (EADDRINUSE); choose another by --port, or leave it out\n` });
  other.close();
  await once(other, "close");
  const explorer = await Explorer.start([`--port=${port}`, "--lower", "l"], place.path);
  expect(explorer.address.host).toBe(`127.0.0.1:${port}`);
  expect(await explorer.interrupt()).toBe(0);
});

it("opens at the path that was named", async () => {
  for (const [words, start] of [[["--lower", "l"], ""], [["--lower", "l", "/f"], "f"], [["--lower", "l", "./f"], "f"]] as const) {
    const explorer = await Explorer.start(words, place.path);
    expect((await explorer.overview()).start).toBe(start);
    expect(await explorer.interrupt()).toBe(0);
  }
});

it("--help says what it takes", () => {
  expect(place.ovlfs(["explore", "--help"]).stdout).toMatch(/^usage: ovlfs explore \[--port N\] \[--lower DIR/);
});
