/** mount(8) and its helpers: what `ovlfs install-helper` puts in place, and how a mount through it behaves. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "../harness/processes.js";
import { snapshot, type Snapshot } from "../harness/snapshot.js";
import { PrivateSystem, systemUnavailable } from "./private-system.js";

const LAYERS = "lowerdir=/srv/l,upperdir=/srv/u,workdir=/srv/w";
const unavailable = systemUnavailable();

let system: PrivateSystem;
let lower: Snapshot;

beforeEach(({ skip }) => {
  skip(unavailable !== null, unavailable ?? "");
  system = new PrivateSystem(["l", "u", "w", "m"]);
  writeFileSync(join(system.srv, "l/f"), "lower\n");
  lower = snapshot(join(system.srv, "l"));
});

afterEach(() => {
  if (unavailable !== null) return;
  expect(snapshot(join(system.srv, "l"))).toEqual(lower);
  system.end();
});

const shown = "findmnt -n -o SOURCE,FSTYPE,VFS-OPTIONS /srv/m";

describe("ovlfs install-helper", () => {
  it("puts both helpers in place, again and again, and --remove takes them away", () => {
    const finished = system.run("ovlfs install-helper && ovlfs install-helper && ls /sbin/mount*.ovlfs");
    const wrote = "wrote /sbin/mount.ovlfs\nwrote /sbin/mount.fuse.ovlfs\n";
    expect(finished).toEqual({ status: 0, stdout: `${wrote}${wrote}/sbin/mount.fuse.ovlfs\n/sbin/mount.ovlfs\n`, stderr: "" });
    expect(readdirSync(system.sbin)).toEqual(["mount.fuse.ovlfs", "mount.ovlfs"]);
    expect(statSync(join(system.sbin, "mount.ovlfs")).mode & 0o7777).toBe(0o755);

    const removed = system.run("ovlfs install-helper --remove && ovlfs install-helper --remove && ls /sbin/mount*.ovlfs");
    expect(removed.stdout).toBe("removed /sbin/mount.ovlfs\nremoved /sbin/mount.fuse.ovlfs\n".repeat(2));
    expect(removed.status).not.toBe(0);
  });

  it("leaves a helper alone that is not its own", () => {
    writeFileSync(join(system.sbin, "mount.ovlfs"), "#!/bin/sh\necho mine\n");
    for (const words of ["", "--remove"]) {
      expect(system.run(`ovlfs install-helper ${words}`)).toEqual({
        status: 1, stdout: "", stderr: "ovlfs: /sbin/mount.ovlfs was not made by ovlfs; move it away first\n",
      });
    }
    expect(readFileSync(join(system.sbin, "mount.ovlfs"), "utf8")).toContain("mine");
    expect(existsSync(join(system.sbin, "mount.fuse.ovlfs"))).toBe(false);
  });

  it("says to others than root who may", () => {
    const finished = system.run('setpriv --reuid=65534 --regid=65534 --clear-groups "$NODE" "$OVLFS" install-helper');
    expect(finished).toEqual({ status: 1, stdout: "", stderr: "ovlfs: /sbin/mount.ovlfs cannot be written: EACCES; do it as root\n" });
  });

  it("writes helpers that say so when the program has gone", () => {
    system.run("ovlfs install-helper && sed -i \"s|^program=.*|program='/nowhere/ovlfs'|\" /sbin/mount.ovlfs");
    const finished = system.run(`mount -t ovlfs src /srv/m -o ${LAYERS}`);
    expect(finished.status).toBe(32);
    expect(finished.stderr).toMatch(/ovlfs is no longer at \/nowhere\/ovlfs; install it/);
  });
});

describe("mount(8)", () => {
  /** Runs a script where the helpers are in place. */
  const withHelper = (script: string): ReturnType<PrivateSystem["run"]> => system.run(`ovlfs install-helper >/dev/null || exit\n${script}`);

  it.each(["ovlfs", "fuse.ovlfs"])("-t %s mounts with the source that is named, and umount(8) unmounts", (type) => {
    const finished = withHelper(`
      PATH=/usr/bin:/bin mount -t ${type} 'my layers' /srv/m -o ${LAYERS} || exit
      ${shown}; cat /srv/m/f; echo changed >/srv/m/f
      umount /srv/m; ls /srv/m`);
    expect(finished).toEqual({ status: 0, stdout: "my layers fuse.ovlfs rw,relatime\nlower\n", stderr: "" });
    expect(readFileSync(join(system.srv, "u/f"), "utf8")).toBe("changed\n");
  });

  it("-o ro shows the upper and does not write to it", () => {
    const finished = withHelper(`mount -t fuse.ovlfs src /srv/m -o ro,${LAYERS} || exit\n${shown}; touch /srv/m/new; umount /srv/m`);
    expect(finished.stdout).toBe("src    fuse.ovlfs ro,relatime\n");
    expect(finished.stderr).toMatch(/Read-only file system/);
    expect(readdirSync(join(system.srv, "u"))).toEqual([]);
  });

  it("-o remount is refused with a clear word, and the mount stays", () => {
    const finished = withHelper(`mount -t ovlfs src /srv/m -o ${LAYERS} || exit\nmount -o remount,ro /srv/m; echo $?; ${shown}; umount /srv/m`);
    expect(finished.stdout).toBe("32\nsrc    fuse.ovlfs rw,relatime\n");
    expect(finished.stderr).toMatch(/'remount' is not supported: a mount cannot be changed; unmount it and mount it anew/);
  });

  it("--fake checks the words and mounts nothing", () => {
    const finished = withHelper(`
      mount --fake -t ovlfs src /srv/m -o ${LAYERS}; echo $?; ${shown}
      mount --fake -t ovlfs src /srv/m -o wrong; echo $?`);
    expect(finished.stdout).toBe("0\n32\n");
    expect(finished.stderr).toMatch(/unknown option 'wrong'/);
  });

  it("ends in one sentence and exit status 32 where nothing can be mounted", () => {
    expect(withHelper("mount -t ovlfs src /srv/m -o lowerdir=/srv/none")).toMatchObject({ status: 32, stdout: "" });
    expect(withHelper("mount -t ovlfs src /srv/m")).toEqual({
      status: 32, stdout: "", stderr: "ovlfs: no lower layer is given; name at least one by --lower DIR or -o lowerdir=DIR\n",
    });
  });

  it("mounts from fstab, with generic options passed over, and once only", () => {
    system.fstab(`lay\\040ers /srv/m fuse.ovlfs ${LAYERS},defaults,nofail,_netdev,users,noauto,comment=mine,x-systemd.automount,X-mount.mkdir 0 0\n`);
    const finished = withHelper(`mount /srv/m || exit\n${shown}; umount /srv/m; sed 's/,noauto//' /etc/fstab >/srv/fstab; cat /srv/fstab >/etc/fstab
      mount -a; mount -a; grep -c /srv/m /proc/mounts; umount /srv/m`);
    expect(finished).toEqual({ status: 0, stdout: "lay ers fuse.ovlfs rw,nosuid,nodev,noexec,relatime\n1\n", stderr: "" });
  });

  it("lets a user mount what fstab allows users to, and unmount it again", ({ skip }) => {
    skip(run("sh", ["-c", "command -v fusermount3"]).status !== 0, "fusermount3 is not installed (Debian: fuse3)");
    system.fstab("src /srv/m fuse.ovlfs lowerdir=/srv/l,upperdir=/srv/u,workdir=/srv/w,userxattr,user,noauto 0 0\n");
    const finished = withHelper(`
      mount -o remount,bind,noatime /srv
      mount -t tmpfs none /mnt && mknod -m 666 /mnt/fuse c 10 229 && mount --bind /mnt/fuse /dev/fuse
      chown 65534:65534 /srv/u /srv/w /srv/m
      user() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
      user mount /srv/m || exit
      ${shown}; user cat /srv/m/f; user sh -c 'echo made >/srv/m/new'
      user umount /srv/m`);
    expect(finished).toEqual({ status: 0, stdout: "src    fuse.ovlfs rw,nosuid,nodev,noexec,relatime\nlower\n", stderr: "" });
    expect(readFileSync(join(system.srv, "u/new"), "utf8")).toBe("made\n");
  });
});
