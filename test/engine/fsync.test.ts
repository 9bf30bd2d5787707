/** What a copy-up syncs before it is published, by the option fsync: data, attributes and directories too, or nothing. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { native } from "../../src/sys/native.js";
import { Fixture, isRoot } from "./fixture.js";

describe.skipIf(!isRoot)("fsync", () => {
  let overlay: Fixture;
  beforeEach(() => {
    overlay = new Fixture(1);
    overlay.file("lower1", "d/data", "content");
    overlay.file("lower1", "d/attributes", "content");
    overlay.directory("lower1", "e");
  });
  afterEach(() => {
    vi.restoreAllMocks();
    overlay.close();
  });

  /** How often fsync(2) is called by a copy-up of data, of a directory, and of attributes alone. */
  function calls(fsync: "auto" | "strict" | "volatile"): readonly number[] {
    overlay.open({ ...overlay.options, fsync, metacopy: true });
    const spy = vi.spyOn(native, "fsync");
    const counted = (act: () => unknown): number => {
      spy.mockClear();
      act();
      return spy.mock.calls.length;
    };
    const directory = counted(() => overlay.engine.setattr(overlay.at("e"), { mode: 0o700 }));
    overlay.engine.setattr(overlay.at("d"), { mode: 0o700 });
    const attributes = counted(() => overlay.engine.setattr(overlay.at("d/attributes"), { mode: 0o600 }));
    const data = counted(() => overlay.engine.write(overlay.at("d/data"), Buffer.from("C"), 0, 1, 0, true));
    return [directory, attributes, data];
  }

  test("auto syncs the data of a copy-up, and no directory or attributes alone", () => { expect(calls("auto")).toEqual([0, 0, 1]); });
  test("strict syncs directories and attributes too", () => {
    const [directory, attributes, data] = calls("strict");
    expect([directory! > 0, attributes! > 0, data! > 0]).toEqual([true, true, true]);
  });
  test("volatile syncs nothing", () => { expect(calls("volatile")).toEqual([0, 0, 0]); });
});
