/** xattr_permissions: owner and mode in an xattr of the file, as fuse-overlayfs and containers/storage keep them. */
import { lstatSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { OverlayOptions } from "../../src/engine/options.js";
import { E } from "../../src/sys/errno.js";
import { Fixture, isRoot, name } from "./fixture.js";

const USER = "user.fuseoverlayfs.override_stat";
const CONTAINERS = "user.containers.override_stat";

class OverrideFixture extends Fixture {
  override get options(): OverlayOptions { return { ...super.options, whiteouts: "oci", xattrPermissions: "user" }; }

  /** Gives an object of a layer an owner and mode in an xattr. */
  note(path: string, value: string, attribute = CONTAINERS): void { this.run("setfattr", "-n", attribute, "-v", value, this.path(path)); }

  shown(path: string): string {
    const { uid, gid, mode } = this.stat(this.at(path));
    return `${String(uid)}:${String(gid)}:${(mode & 0o7777).toString(8)}`;
  }
}

let overlay: OverrideFixture;
beforeEach(() => { overlay = new OverrideFixture(1); });
afterEach(() => overlay.close());

describe.runIf(isRoot)("owner and mode in an xattr", () => {
  test("are shown where a layer's root says so, and by no other layer", () => {
    overlay.file("lower1", "f");
    overlay.note("lower1/f", "3:4:4711");
    expect(overlay.shown("f")).toBe("0:0:644");
    overlay.note("lower1", "0:0:0755");
    overlay.reopen();
    expect(overlay.shown("f")).toBe("3:4:4711");
    expect(overlay.engine.listxattr(overlay.at("f")).toString()).toBe("");
    expect(overlay.engine.setxattr(overlay.at("f"), name(CONTAINERS), Buffer.from("0:0:777"), 0)).toBe(-E.EOPNOTSUPP);
  });

  test("one that is malformed, or absent, leaves those of the file", () => {
    overlay.file("lower1", "f");
    overlay.file("lower1", "g");
    overlay.note("lower1", "0:0:0755");
    overlay.note("lower1/f", "x:y");
    expect([overlay.shown("f"), overlay.shown("g")]).toEqual(["0:0:644", "0:0:644"]);
  });

  test("are written there for what is made, chowned, chmodded and copied up, and the file stays the mounter's", () => {
    overlay.file("lower1", "f", "text");
    overlay.note("lower1", "0:0:0755");
    overlay.note("lower1/f", "3:4:4711");
    const { engine } = overlay;
    engine.create(engine.root, name("made"), 0o400, { uid: 7, gid: 8, umask: 0 });
    engine.mkdir(engine.root, name("dir"), 0o511, { uid: 7, gid: 8, umask: 0 });
    expect(engine.setattr(overlay.at("dir"), { gid: 9, mode: 0o2511 })).toBe(0);
    engine.create(overlay.at("dir"), name("inside"), 0o644, { uid: 1, gid: 1, umask: 0 });
    expect(engine.copyUp(overlay.at("f"))).toBe(0);
    expect(engine.setattr(overlay.at("made"), { mode: 0o640, uid: 70 })).toBe(0);
    const paths = ["made", "dir", "dir/inside", "f"];
    const expected = ["70:8:640", "7:9:2511", "1:9:644", "3:4:4711"];
    expect(paths.map((path) => overlay.shown(path))).toEqual(expected);
    expect(paths.map((path) => overlay.xattr(`upper/${path}`, USER))).toEqual(expected);
    expect(lstatSync(overlay.path("upper/f")).uid).toBe(0);
    expect(lstatSync(overlay.path("upper/made")).mode & 0o600).toBe(0o600);
    overlay.reopen();
    expect(paths.map((path) => overlay.shown(path))).toEqual(expected);
  });

  test("a write by another than root takes setuid from the xattr", () => {
    const { engine } = overlay;
    engine.create(engine.root, name("f"), 0o4755, { uid: 7, gid: 8, umask: 0 });
    expect(engine.setattr(overlay.at("f"), { killPrivileges: true })).toBe(0);
    expect(overlay.shown("f")).toBe("7:8:755");
  });
});
