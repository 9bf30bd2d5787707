/** The overlay's own uuid: kept in an xattr of the upper's root, by the option `uuid`. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { dir, file } from "../harness/layers.js";
import { overlay, type CaseView } from "../harness/overlay-cases.js";
import { Tree } from "../harness/tree.js";

const UUID = "trusted.overlay.uuid";

/** The uuid in the upper `name` after an overlay of it was mounted, changed and unmounted; null where there is none. */
function uuidAfter({ fixture, lower }: CaseView, name: string, options: readonly string[], change = "new", attribute = UUID): string | null {
  const at = (part: string): string => join(fixture.place, `${name}-${part}`);
  for (const part of ["upper", "work", "merged"]) mkdirSync(at(part), { recursive: true });
  fixture.mounter.mount({ cwd: fixture.place, lowers: [lower.path], upper: at("upper"), work: at("work"), merged: at("merged"), options });
  new Tree(at("merged")).append(change, "!");
  fixture.mounter.unmount(at("merged"));
  const upper = new Tree(at("upper"));
  return upper.xattrs("").includes(attribute) ? upper.xattr("", attribute) : null;
}

overlay("uuid", {}, (it) => {
  const scene = { lower: { f: file("x"), d: dir({ g: file() }) } };

  it("a fresh upper is given a uuid, which stays", scene, (view) => {
    const uuid = uuidAfter(view, "auto", []);
    expect(uuid).toHaveLength(16);
    expect(uuidAfter(view, "auto", [], "f")).toBe(uuid);
    expect(uuidAfter(view, "auto", ["uuid=auto"], "f")).toBe(uuid);
    expect(uuidAfter(view, "auto", ["uuid=on"], "f")).toBe(uuid);
    expect(uuidAfter(view, "other", ["uuid=on"])).not.toBe(uuid);
  });

  it("uuid=null and uuid=off give none, and auto gives none to an upper that was used so", scene, (view) => {
    expect(uuidAfter(view, "null", ["uuid=null"], "d/g")).toBe(null);
    expect(uuidAfter(view, "null", ["uuid=off"], "d/g")).toBe(null);
    expect(uuidAfter(view, "null", ["uuid=auto"], "d/g")).toBe(null);
    expect(uuidAfter(view, "null", ["uuid=on"], "d/g")).toHaveLength(16);
  });

  it("with userxattr it is user.overlay.uuid", scene, (view) => {
    expect(uuidAfter(view, "user", ["userxattr"], "f", "user.overlay.uuid")).toHaveLength(16);
  });
});
