/** The same option string for the kernel's overlay and for ovlfs: what one mounts the other mounts, what one refuses the other refuses. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLI, kernel, ovlfs } from "../harness/mounters.js";
import { makePlace, removePlace } from "../harness/places.js";
import { mountsBelow, run } from "../harness/processes.js";

const unavailable = kernel.unavailable() ?? ovlfs.unavailable();
const LAYERS = ["a", "b", "b/inner", "data", "more data", "with:colon", "with,comma", "with\\backslash", "caf\u00e9"];
const UPPER = "upperdir=u,workdir=w";

let place = "";
let counter = 0;

beforeAll(() => {
  place = makePlace();
  for (const name of [...LAYERS, "merged"]) mkdirSync(join(place, name), { recursive: true });
});
afterAll(() => {
  for (const point of mountsBelow(place)) run("umount", ["-l", point]);
  removePlace(place);
});

/** Mounts with the string, in a directory that holds the layers and a fresh pair of u and w. */
function tryOut(command: string, words: readonly string[], options: string): "mounts" | "is refused" {
  const cwd = join(place, `try-${counter++}`);
  for (const name of [...LAYERS, "u", "w/inner", "u/inner", "merged"]) mkdirSync(join(cwd, name), { recursive: true });
  const finished = run(command, [...words, "-o", options, join(cwd, "merged")], { cwd });
  if (finished.status !== 0) return "is refused";
  expect(run("umount", [join(cwd, "merged")]).status).toBe(0);
  return "mounts";
}

/** What the two make of the string, which has to be the same. */
function both(options: string): string {
  const outcomes = [tryOut("mount", ["-t", "overlay", "overlay"], options), tryOut(process.execPath, [CLI, "mount"], options)];
  expect(outcomes[1]).toBe(outcomes[0]);
  return outcomes[0]!;
}

describe.skipIf(unavailable !== null)("the kernel's overlay and ovlfs mount", () => {
  it.each([
    `lowerdir=a,${UPPER}`, `lowerdir=a:b:more data,${UPPER}`, "lowerdir=a/:b,upperdir=u/,workdir=w/",
    `lowerdir=with\\:colon,${UPPER}`, `lowerdir=with\\,comma,${UPPER}`, `lowerdir=with\\\\backslash,${UPPER}`, `lowerdir=caf\u00e9,${UPPER}`,
    `lowerdir=b,lowerdir=a,${UPPER}`, `lowerdir+=a,lowerdir+=b,${UPPER}`, `lowerdir+=with:colon,${UPPER}`,
    `lowerdir=a,${UPPER},redirect_dir=off`, `lowerdir=a,${UPPER},index=off,metacopy=off,nfs_export=off,verity=off`, `lowerdir=a,${UPPER},xino=on`, `lowerdir=a,${UPPER},xino=auto,xino=off`,
    `lowerdir=a,${UPPER},fsync=auto`, `lowerdir=a,${UPPER},volatile`, `lowerdir=a,${UPPER},override_creds`, `lowerdir=a::data,${UPPER}`, `lowerdir+=a,datadir+=data,${UPPER}`, `lowerdir=a,${UPPER},userxattr,index=on`, "lowerdir=a:b,volatile",
    `lowerdir=a,${UPPER},ro,noatime,nosuid`,
  ])("%s", (options) => { expect(both(options)).toBe("mounts"); });
});

describe.skipIf(unavailable !== null)("the kernel's overlay and ovlfs refuse", () => {
  it.each([
    "lowerdir=", UPPER, "lowerdir=a,upperdir=u", `lowerdir=missing,${UPPER}`, `lowerdir=a:missing,${UPPER}`, "lowerdir=a,upperdir=missing,workdir=w", "lowerdir=a,upperdir=u,workdir=missing",
    "lowerdir=a,upperdir=,workdir=w", "lowerdir=a,upperdir=u,workdir=",
    `lowerdir=a:,${UPPER}`, `lowerdir=:a,${UPPER}`, `lowerdir=::a,${UPPER}`, `lowerdir=a::,${UPPER}`, `lowerdir=a:::data,${UPPER}`, `lowerdir=a::data:b,${UPPER}`,
    `lowerdir=a,lowerdir+=b,${UPPER}`, `lowerdir+=a,datadir+=data,lowerdir+=b,${UPPER}`, `datadir+=data,${UPPER}`, `lowerdir+=,${UPPER}`, `lowerdir+=a\\:b,${UPPER}`,
    `lowerdir=a:a,${UPPER}`, `lowerdir=b:b/inner,${UPPER}`, `lowerdir=b/inner:b,${UPPER}`, `lowerdir=u,${UPPER}`, `lowerdir=w,${UPPER}`, "lowerdir=a,upperdir=u,workdir=u", "lowerdir=a,upperdir=u,workdir=u/inner", "lowerdir=a,upperdir=w/inner,workdir=w",
    ...["bogus", "novolatile", "volatile=on", "redirect_dir", "redirect_dir=", "redirect_dir=ON", "index=1", "metacopy=yes", "xino=1", "uuid=1", "fsync=1"].map((option) => `lowerdir=a,${UPPER},${option}`),
  ])("%s", (options) => { expect(both(options)).toBe("is refused"); });
});
