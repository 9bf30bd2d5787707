/** A daemon killed in the middle of its work: the next mount shows each file whole, as it was or as it became. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, beforeEach, expect, it } from "vitest";
import { dir, file, type LayerNode } from "../harness/layers.js";
import { kernel } from "../harness/mounters.js";
import { mustRun, waitUntil } from "../harness/processes.js";
import { snapshot } from "../harness/snapshot.js";
import { Place } from "./command.js";

const FILES = 1000;
const LAYERS = ["--lower", "many", "--upper", "u", "--work", "w"];

/** Most small, each fiftieth of a mebibyte; a third each is appended to, renamed, and given a mode. */
function size(index: number): number { return index % 50 === 0 ? 1 << 20 : 20_000; }
function content(index: number): string { return `${index} `.repeat(size(index)).slice(0, size(index)); }

const many: LayerNode = dir(Object.fromEntries(Array.from({ length: FILES }, (_, index) => [`f${index}`, file(content(index), { mode: 0o640, uid: 3 })])));

/** Changes every file of the merged directory, as fast as a shell can, until the daemon is gone. */
const CHANGES = `cd m; for i in $(seq 0 ${FILES - 1}); do
  case $((i % 3)) in 0) printf ' appended' >> f$i ;; 1) [ -e g$i ] || mv f$i g$i ;; 2) chmod 600 f$i ;; esac || [ -d . ] || exit 0
done`;

let place: Place;
beforeEach(() => { place = new Place({ many }); });
afterEach(() => { place.end(); });

function copiedUp(): number { return place.tree.list("u").length; }

/** What is wrong with a file of the merged directory; nothing where it is whole, old or new. */
function fault(index: number): string | undefined {
  const names = [`m/f${index}`, `m/g${index}`].filter((name) => place.tree.exists(name));
  if (names.length !== 1) return `${index} is there ${names.length} times`;
  const text = place.tree.read(names[0]!);
  const additions = index % 3 === 0 ? [0, 1, 2, 3] : [0];
  if (!additions.some((count) => text === content(index) + " appended".repeat(count))) return `${names[0]!} has ${text.length} bytes that are neither the old nor the new content`;
  const { mode, uid } = place.tree.stat(names[0]!);
  if (uid !== 3 || (mode !== "640" && !(mode === "600" && index % 3 === 2))) return `${names[0]!} has owner ${uid} and mode ${mode}`;
  return undefined;
}

it.each([
  { options: "rw", rounds: [30, 200, 500] },
  { options: "metacopy=on", rounds: [300] },
  { options: "index=on,nfs_export=on", rounds: [300] },
])("a daemon killed during 1,000 copy-ups leaves each file whole, and an empty work directory after the next mount ($options)", async ({ options, rounds }) => {
  const words = [...LAYERS, "-o", options, "m"];
  for (const enough of rounds) {
    const daemon = place.start(["mount", "-f", ...words]);
    expect(waitUntil(() => place.isMounted())).toBe(true);
    const writer = spawn("sh", ["-c", CHANGES], { cwd: place.path, stdio: "ignore" });
    const written = once(writer, "exit");
    expect(waitUntil(() => copiedUp() >= enough, 20_000)).toBe(true);
    daemon.kill("SIGKILL");
    await Promise.all([written, daemon.exitCode === null && daemon.signalCode === null ? once(daemon, "exit") : null]);
    expect(place.ovlfs(["umount", "m"])).toMatchObject({ status: 0, stderr: "" });

    expect(place.ovlfs(["mount", ...words])).toMatchObject({ status: 0, stderr: "" });
    expect([...snapshot(place.tree.at("w")).keys()].filter((path) => path !== "." && path !== "work" && !/^index(\/[0-9a-f]+)?$/.test(path))).toEqual([]);
    expect(Array.from({ length: FILES }, (_, index) => fault(index)).filter((wrong) => wrong !== undefined)).toEqual([]);
    expect(place.ovlfs(["umount", "m"])).toMatchObject({ status: 0, stderr: "" });
  }
  expect(place.tree.list("many").length).toBe(FILES);

  const reason = kernel.unavailable();
  if (reason !== null) return;
  mustRun("mount", ["-t", "overlay", "overlay", "-o", `lowerdir=many,upperdir=u,workdir=w,${options}`, "m"], { cwd: place.path });
  expect(Array.from({ length: FILES }, (_, index) => fault(index)).filter((wrong) => wrong !== undefined)).toEqual([]);
  mustRun("umount", [place.tree.at("m")]);
}, 180_000);
