/** Layers that change under a mount, which nobody may do: an errno for what is gone, and all else goes on. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { dir, file } from "../harness/layers.js";
import { outcome } from "../harness/syscalls.js";
import { Place, USUAL } from "./command.js";

const GONE = ["ENOENT", "ESTALE", "EIO"];

let place: Place;
beforeEach(() => {
  place = new Place({ l: dir({ f: file("content"), g: file("other"), d: dir({ h: file("deep") }) }) });
  expect(place.ovlfs(["mount", ...USUAL, "m"])).toMatchObject({ status: 0 });
});
afterEach(() => { place.end(); });

function expectAllElseWorks(): void {
  expect(place.tree.read("m/g")).toBe("other");
  place.tree.write("m/new", "new");
  expect(place.ovlfs(["umount", "m"])).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(place.tree.list("w/work")).toEqual([]);
  expect(place.tree.read("u/new")).toBe("new");
}

it("a lower file that vanished before it was looked up does not exist", () => {
  place.tree.unlink("l/f");
  expect(outcome(() => place.tree.read("m/f"))).toBe("ENOENT");
  expectAllElseWorks();
});

it("a lower file that vanished after it was looked up can't be read, and its copy-up leaves nothing half made", () => {
  expect(place.tree.stat("m/f").size).toBe(7);
  place.tree.unlink("l/f");
  expect(GONE).toContain(outcome(() => place.tree.read("m/f")));
  expect(GONE).toContain(outcome(() => { place.tree.chmod("m/f", 0o600); }));
  expect(GONE).toContain(outcome(() => place.tree.with("m/f", 1, (opened) => {
    opened.write("x", 0);
    opened.sync();
  })));
  expect(place.tree.exists("u/f")).toBe(false);
  expectAllElseWorks();
});

it("a lower directory that vanished can't be changed, and the daemon goes on", () => {
  expect(place.tree.list("m/d")).toEqual(["h"]);
  place.tree.removeAll("l/d");
  for (const act of [() => { place.tree.chmod("m/d/h", 0o600); }, () => { place.tree.rename("m/d/h", "m/h"); }]) expect(GONE).toContain(outcome(act));
  expectAllElseWorks();
});

it("an upper that vanished refuses changes, and lowers are still read", () => {
  place.tree.rmdir("u");
  expect(outcome(() => { place.tree.write("m/new", "x"); })).not.toBe("done");
  expect(place.tree.read("m/f")).toBe("content");
  expect(place.ovlfs(["umount", "m"])).toEqual({ status: 0, stdout: "", stderr: "" });
});
