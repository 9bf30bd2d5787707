/** With index=on all names of a lower file are the copy that was made under one of them. */
import { afterEach, describe, expect, it } from "vitest";
import { findOverlay, resolve, Stack, whichText } from "../../src/inspect/index.js";
import { dir, file, hardLink } from "../harness/layers.js";
import { CLI, kernel, ovlfs } from "../harness/mounters.js";
import { OverlayFixture } from "../harness/overlay-fixture.js";
import { run } from "../harness/processes.js";
import { raw } from "../harness/syscalls.js";

describe("a hard link of a lower that was changed by another name", () => {
  let fixture: OverlayFixture | undefined;
  afterEach(() => fixture?.end());

  for (const mounter of [kernel, ovlfs]) {
    it(`is the copy in the index of ${mounter.name}`, ({ skip }) => {
      skip(mounter.unavailable() !== null, mounter.unavailable() ?? "");
      fixture = new OverlayFixture(mounter, { lowers: [dir({ a: file("old"), b: hardLink("a"), c: file("alone") })], upper: dir(), options: ["index=on"] });
      fixture.start();
      const { merged, work, place } = fixture;
      merged.append("a", " and new");
      const say = (path: string): string => {
        const found = findOverlay(raw(merged.at(path)));
        const stack = Stack.open(found.spec);
        const text = whichText(stack, resolve(stack, found.path));
        stack.close();
        return text.replaceAll(place, "");
      };
      expect(merged.read("b")).toBe("old and new");
      const [entry] = work.list("index");
      expect(say("b")).toBe([
        "/b: file, 11 bytes, mode 0644",
        `  from      upper    /work/index/${entry!}`,
        "  shadowed  lower 1  /l0/b (file, 3 bytes, mode 0644)",
        "  because   it is a hard link of a lower file, and the copy that another name of it was given stands for all of them (index=on)", "",
      ].join("\n"));
      expect(say("a")).toContain("from      upper    /upper/a\n");
      expect(run(process.execPath, [CLI, "du", merged.path])).toMatchObject({ status: 0, stderr: "" });
      expect(run(process.execPath, [CLI, "tree", "--layers", merged.path])).toMatchObject({ status: 0, stderr: "" });
      expect(say("c")).toContain("from      lower 1  /l0/c\n");
      fixture.unmount();
      expect(fixture.lowerChanges()).toEqual([]);
    });
  }
});
