/** `ovlfs which` and `ovlfs explain`, on one scene mounted by the kernel, mounted by ovlfs, and by its layers alone. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { differences } from "../harness/compare.js";
import { kernel, ovlfs, type Mounter } from "../harness/mounters.js";
import { snapshot } from "../harness/snapshot.js";
import { outcome } from "../harness/syscalls.js";
import { PATHS, Scene } from "./scene.js";

function scenesOf(mounters: readonly Mounter[]): Map<string, Scene> {
  return new Map(mounters.filter((mounter) => mounter.unavailable() === null).map((mounter) => [mounter.name, new Scene(mounter)]));
}

describe("which and explain", () => {
  let scenes: Map<string, Scene>;
  beforeAll(() => { scenes = scenesOf([kernel, ovlfs]); });
  afterAll(() => {
    for (const scene of scenes.values()) scene.end();
  });

  for (const mounter of [kernel, ovlfs]) {
    it(`say the same of a tree mounted by ${mounter.name} and of its layers alone`, ({ skip }) => {
      skip(mounter.unavailable() !== null, mounter.unavailable() ?? "");
      const scene = scenes.get(mounter.name)!;
      for (const path of Object.values(PATHS)) expect(scene.allSaid(path, "mounted"), path).toBe(scene.allSaid(path, "offline"));
      for (const command of ["which", "explain"]) {
        const mounted = scene.mounted(command, PATHS["a shadowed file"]);
        expect({ ...mounted, stdout: mounted.stdout.replace(" at '/merged'", "") }).toEqual(scene.offline(command, PATHS["a shadowed file"]));
      }
      expect(scene.fixture.lowerChanges()).toEqual([]);
    });
  }

  it("say the same of the kernel's mount and of one by ovlfs", ({ skip }) => {
    skip(scenes.size < 2, "one of the two does not mount here");
    for (const path of Object.values(PATHS)) {
      const [first, second] = [...scenes.values()].map((scene) => scene.allSaid(path, "mounted"));
      expect(first, path).toBe(second);
    }
  });

  it("leave no trace in the upper either, nor an access time", ({ skip }) => {
    const [scene] = scenes.values();
    if (!scene) return skip("no overlay mounts here");
    const before = snapshot(scene.fixture.upper.path);
    for (const path of Object.values(PATHS)) scene.allSaid(path, "offline");
    expect(differences(snapshot(scene.fixture.upper.path), before)).toEqual([]);
  });

  it("are as the merged tree is: exit status 0 for what is there, 1 for what is not", ({ skip }) => {
    const [scene] = scenes.values();
    if (!scene) return skip("no overlay mounts here");
    for (const path of [PATHS["a shadowed file"], PATHS["a file that was deleted"], PATHS["a name below a file"]]) {
      expect(scene.mounted("which", path).status, path).toBe(outcome(() => scene.fixture.merged.stat(path.slice(1))) === "done" ? 0 : 1);
    }
  });

  /** By the layers of whichever scene there is. */
  const say = (command: string, path: string): string => {
    const { status, stdout, stderr } = [...scenes.values()][0]!.offline(command, path);
    return `${stdout}${stderr}(exit status ${status})`;
  };

  it("which: a shadowed file", () => {
    expect(say("which", PATHS["a shadowed file"])).toMatchInlineSnapshot(`
      "/etc/hosts: file, 9 bytes, mode 0644
        from      upper    /upper/etc/hosts
        shadowed  lower 1  /l0/etc/hosts (file, 19 bytes, mode 0644)
        shadowed  lower 2  /l1/etc/hosts (file, 5 bytes, mode 0644)
        because   upper is the topmost layer that has it, and a file ends the search
      (exit status 0)"
    `);
  });

  it("which: a file that was deleted", () => {
    expect(say("which", PATHS["a file that was deleted"])).toMatchInlineSnapshot(`
      "/etc/passwd: not there (ENOENT)
        shadowed  lower 2  /l1/etc/passwd (file, 6 bytes, mode 0644)
        because   it is hidden by the whiteout '/upper/etc/passwd' of upper (character device 0/0)
      (exit status 1)"
    `);
  });

  it("which: a merged directory", () => {
    expect(say("which", PATHS["a merged directory"])).toMatchInlineSnapshot(`
      "/etc: directory, mode 0755
        from      upper    /upper/etc
        merged    lower 1  /l0/etc
        merged    lower 2  /l1/etc
        because   directories of one name are merged: upper, lower 1, lower 2; owner, mode and times are those of the topmost
      (exit status 0)"
    `);
  });

  it("which: a data-only file", () => {
    expect(say("which", PATHS["a data-only file"])).toMatchInlineSnapshot(`
      "/lazy: file, 4 bytes, mode 0600
        from      lower 1  /l0/lazy
        data      data 1   /l2/blobs/one
        because   it holds attributes alone (trusted.overlay.metacopy, trusted.overlay.redirect="/blobs/one"); its data is '/l2/blobs/one' of data 1
      (exit status 0)"
    `);
  });

  it("which: a name below a file", () => {
    expect(say("which", PATHS["a name below a file"])).toMatchInlineSnapshot(`
      "/etc/hosts/below: not there (ENOTDIR)
        because   '/etc/hosts' is a file, not a directory: upper is the topmost layer that has it, and a file ends the search
      (exit status 1)"
    `);
  });

  it("explain: a plain lower file", () => {
    expect(say("explain", PATHS["a plain lower file"])).toMatchInlineSnapshot(`
      "/etc/group in the overlay of 4 layers, topmost first:
        upper    /upper
        lower 1  /l0
        lower 2  /l1
        data 1   /l2

      1. /etc
         upper    directory, mode 0755: /upper/etc
                  The topmost: owner, mode and times are from here.
         lower 1  directory, mode 0755: /l0/etc
                  Merged below the others.
         lower 2  directory, mode 0755: /l1/etc
                  Merged below the others.
         => a directory, merged of upper, lower 1, lower 2

      2. /etc/group
         upper    nothing
         lower 1  file, 5 bytes, mode 0644: /l0/etc/group
                  The topmost with this name. A file ends the search.
         lower 2  not asked: the search has ended, and it has nothing there
         => the file of lower 1

      /etc/group is there: only lower 1 has it.
      (exit status 0)"
    `);
  });

  it("explain: a shadowed file", () => {
    expect(say("explain", PATHS["a shadowed file"])).toMatchInlineSnapshot(`
      "/etc/hosts in the overlay of 4 layers, topmost first:
        upper    /upper
        lower 1  /l0
        lower 2  /l1
        data 1   /l2

      1. /etc
         upper    directory, mode 0755: /upper/etc
                  The topmost: owner, mode and times are from here.
         lower 1  directory, mode 0755: /l0/etc
                  Merged below the others.
         lower 2  directory, mode 0755: /l1/etc
                  Merged below the others.
         => a directory, merged of upper, lower 1, lower 2

      2. /etc/hosts
         upper    file, 9 bytes, mode 0644: /upper/etc/hosts
                  The topmost with this name. A file ends the search.
         lower 1  file, 19 bytes, mode 0644: /l0/etc/hosts
                  Not seen: hidden by the file '/upper/etc/hosts' of upper, which ends the search.
         lower 2  file, 5 bytes, mode 0644: /l1/etc/hosts
                  Not seen: hidden by the file '/upper/etc/hosts' of upper, which ends the search.
         => the file of upper

      /etc/hosts is there: upper is the topmost layer that has it, and a file ends the search.
      (exit status 0)"
    `);
  });

  it("explain: a file that was deleted", () => {
    expect(say("explain", PATHS["a file that was deleted"])).toMatchInlineSnapshot(`
      "/etc/passwd in the overlay of 4 layers, topmost first:
        upper    /upper
        lower 1  /l0
        lower 2  /l1
        data 1   /l2

      1. /etc
         upper    directory, mode 0755: /upper/etc
                  The topmost: owner, mode and times are from here.
         lower 1  directory, mode 0755: /l0/etc
                  Merged below the others.
         lower 2  directory, mode 0755: /l1/etc
                  Merged below the others.
         => a directory, merged of upper, lower 1, lower 2

      2. /etc/passwd
         upper    whiteout: /upper/etc/passwd
                  On disk: character device 0/0.
                  The name is deleted. A whiteout ends the search.
         lower 1  not asked: the search has ended, and it has nothing there
         lower 2  file, 6 bytes, mode 0644: /l1/etc/passwd
                  Not seen: hidden by the whiteout '/upper/etc/passwd' of upper (character device 0/0).
         => not there: deleted

      /etc/passwd is not there (ENOENT): it is hidden by the whiteout '/upper/etc/passwd' of upper (character device 0/0).
      (exit status 1)"
    `);
  });

  it("explain: a file below an opaque directory", () => {
    expect(say("explain", PATHS["a file below an opaque directory"])).toMatchInlineSnapshot(`
      "/var/cache/item in the overlay of 4 layers, topmost first:
        upper    /upper
        lower 1  /l0
        lower 2  /l1
        data 1   /l2

      1. /var
         upper    directory, mode 0755: /upper/var
                  On disk: trusted.overlay.opaque="y".
                  The topmost: owner, mode and times are from here. It is opaque: nothing below it counts.
         lower 1  not asked: the search has ended, and it has nothing there
         lower 2  directory, mode 0755: /l1/var
                  Not seen: hidden by the opaque directory '/upper/var' of upper (trusted.overlay.opaque="y").
         => the directory of upper alone

      2. /var/cache
         upper    nothing
         lower 1  not asked: it has no directory for '/var'
         lower 2  directory, mode 0755: /l1/var/cache
                  Not seen: hidden by the opaque directory '/upper/var' of upper (trusted.overlay.opaque="y").
         => not there

      3. /var/cache/item
         upper    not asked: it has no directory for '/var/cache'
         lower 1  not asked: it has no directory for '/var/cache'
         lower 2  file, 4 bytes, mode 0644: /l1/var/cache/item
                  Not seen: hidden by the opaque directory '/upper/var' of upper (trusted.overlay.opaque="y").
         => not there

      /var/cache/item is not there (ENOENT): '/var/cache' is not there, for what lower 2 has there is hidden by the opaque directory '/upper/var' of upper (trusted.overlay.opaque="y").
      (exit status 1)"
    `);
  });

  it("explain: the child of a redirected directory", () => {
    expect(say("explain", PATHS["the child of a redirected directory"])).toMatchInlineSnapshot(`
      "/renamed/child in the overlay of 4 layers, topmost first:
        upper    /upper
        lower 1  /l0
        lower 2  /l1
        data 1   /l2

      1. /renamed
         upper    directory, mode 0755: /upper/renamed
                  On disk: trusted.overlay.redirect="/old".
                  The topmost: owner, mode and times are from here. The layers below are asked for it at '/old', from the root of each layer.
         lower 1  nothing at '/old'
         lower 2  directory, mode 0755: /l1/old
                  Merged below the others.
         => a directory, merged of upper, lower 2

      2. /renamed/child
         upper    nothing
         lower 1  not asked: it has no directory for '/renamed'
         lower 2  file, 5 bytes, mode 0644: /l1/old/child
                  The topmost with this name. A file ends the search.
         => the file of lower 2

      /renamed/child is there: '/renamed' is redirected to '/old' in upper ('/upper/renamed': trusted.overlay.redirect="/old"); only lower 2 has it.
      (exit status 0)"
    `);
  });

  it("explain: a metacopy", () => {
    expect(say("explain", PATHS["a metacopy"])).toMatchInlineSnapshot(`
      "/etc/meta in the overlay of 4 layers, topmost first:
        upper    /upper
        lower 1  /l0
        lower 2  /l1
        data 1   /l2

      1. /etc
         upper    directory, mode 0755: /upper/etc
                  The topmost: owner, mode and times are from here.
         lower 1  directory, mode 0755: /l0/etc
                  Merged below the others.
         lower 2  directory, mode 0755: /l1/etc
                  Merged below the others.
         => a directory, merged of upper, lower 1, lower 2

      2. /etc/meta
         upper    file, 4 bytes, mode 0600: /upper/etc/meta
                  On disk: trusted.overlay.metacopy.
                  A metacopy: owner, mode and times are from here, the data is further below.
         lower 1  nothing
         lower 2  file, 4 bytes, mode 0644: /l1/etc/meta
                  It gives the data.
         => the file of upper

      /etc/meta is there: it holds attributes alone (trusted.overlay.metacopy); its data is '/l1/etc/meta' of lower 2.
      (exit status 0)"
    `);
  });

  it("explain: a data-only file", () => {
    expect(say("explain", PATHS["a data-only file"])).toMatchInlineSnapshot(`
      "/lazy in the overlay of 4 layers, topmost first:
        upper    /upper
        lower 1  /l0
        lower 2  /l1
        data 1   /l2

      1. /lazy
         upper    nothing
         lower 1  file, 4 bytes, mode 0600: /l0/lazy
                  On disk: trusted.overlay.metacopy, trusted.overlay.redirect="/blobs/one".
                  A metacopy: owner, mode and times are from here, the data is further below. The layers below are asked for it at '/blobs/one', from the root of each layer.
         lower 2  nothing at '/blobs'
         data 1   file, 4 bytes, mode 0644: /l2/blobs/one
                  It gives the data.
         => the file of lower 1

      /lazy is there: it holds attributes alone (trusted.overlay.metacopy, trusted.overlay.redirect="/blobs/one"); its data is '/l2/blobs/one' of data 1.
      (exit status 0)"
    `);
  });

  it("explain: a name that is nowhere", () => {
    expect(say("explain", PATHS["a name that is nowhere"])).toMatchInlineSnapshot(`
      "/etc/nowhere in the overlay of 4 layers, topmost first:
        upper    /upper
        lower 1  /l0
        lower 2  /l1
        data 1   /l2

      1. /etc
         upper    directory, mode 0755: /upper/etc
                  The topmost: owner, mode and times are from here.
         lower 1  directory, mode 0755: /l0/etc
                  Merged below the others.
         lower 2  directory, mode 0755: /l1/etc
                  Merged below the others.
         => a directory, merged of upper, lower 1, lower 2

      2. /etc/nowhere
         upper         nothing
         lower 1 to 2  nothing
         => not there

      /etc/nowhere is not there (ENOENT): no layer has it.
      (exit status 1)"
    `);
  });

  it("explain: a file behind an absolute symlink", () => {
    expect(say("explain", PATHS["a file behind an absolute symlink"])).toMatchInlineSnapshot(`
      "/usr/bin/sh in the overlay of 4 layers, topmost first:
        upper    /upper
        lower 1  /l0
        lower 2  /l1
        data 1   /l2

      1. /abs
         upper    nothing
         lower 1  symlink to '/usr/bin': /l0/abs
                  The topmost with this name. A symlink ends the search.
         lower 2  not asked: the search has ended, and it has nothing there
         => the symlink of lower 1; the path goes on at '/usr/bin', from the root of the overlay

      2. /usr
         upper    nothing
         lower 1  nothing
         lower 2  directory, mode 0755: /l1/usr
                  The topmost: owner, mode and times are from here.
         => the directory of lower 2 alone

      3. /usr/bin
         upper    not asked: it has no directory for '/usr'
         lower 1  not asked: it has no directory for '/usr'
         lower 2  directory, mode 0755: /l1/usr/bin
                  The topmost: owner, mode and times are from here.
         => the directory of lower 2 alone

      4. /usr/bin/sh
         upper    not asked: it has no directory for '/usr/bin'
         lower 1  not asked: it has no directory for '/usr/bin'
         lower 2  file, 2 bytes, mode 0755: /l1/usr/bin/sh
                  The topmost with this name. A file ends the search.
         => the file of lower 2

      /usr/bin/sh is there: '/abs' is a symlink to '/usr/bin'; only lower 2 has it.
      (exit status 0)"
    `);
  });
});
