/** podman with ovlfs as its mount program: containers that run, and what is left of them; as root and as a user. */
import { describe, expect, it } from "vitest";
import { inContainer, quoted } from "./container.js";
import { expectAlike, machinesFor } from "./fixture.js";
import { settled, users } from "./machine.js";

const machines = machinesFor([]);

describe.for(users)("podman as %s", (user) => {
  it("runs a further command in a container that runs", () => {
    expectAlike(machines, (machine) => {
      machine.sh(user, "podman run -d --name running localhost/bb sh -c 'echo of the first > /first; sleep 100'");
      const seen = machine.sh(user, "podman exec running sh -c 'until [ -s /first ]; do sleep 0.1; done; cat /first; rm /data/plain; echo of the second > /second'");
      const both = machine.sh(user, "podman exec running sh -c 'cat /second; ls /data'");
      machine.sh(user, "podman rm -f -t 0 running");
      return { seen, both };
    });
  });

  it("mounts an image", () => {
    expectAlike(machines, (machine) => machine.sh(user, `${user === "root" ? "sh" : "podman unshare sh"} -c ${quoted(`
      mounted=$(podman image mount localhost/bb) && cd $mounted && find . | sort | xargs stat -c '%A %u:%g %s %n' && cat data/plain
      touch new 2>&1; cd / && podman image umount localhost/bb >/dev/null`)}`).replaceAll(/\S*\/merged/g, ""));
  });

  it("runs with a root that can't be written, and with a volume that can", () => {
    expectAlike(machines, (machine) => {
      machine.sh(user, "rm -rf volume && mkdir volume");
      const said = inContainer(machine, user, "touch /new 2>&1; rm /data/plain 2>&1; echo kept > /volume/file; touch /tmp/of-its-own; cat /data/plain", '--read-only --volume "$PWD/volume:/volume"');
      return { said, kept: machine.sh(user, "cat volume/file") };
    });
  });

  it("syncs nothing for a container that is removed afterwards", () => {
    const home = user === "root" ? "/var/lib/containers" : ".local/share/containers";
    expectAlike(machines, (machine) => {
      machine.sh(user, "podman run -d --rm --name volatile localhost/bb sleep 100");
      const marks = machine.sh(user, `${user === "root" ? "" : "podman unshare"} find ${home}/storage/overlay -name volatile | wc -l`);
      machine.sh(user, "podman rm -f -t 0 volatile");
      return marks;
    });
  });

  it("leaves nothing of a container that is removed", () => {
    const { tested } = machines;
    inContainer(tested, user, "true");
    const before = settled(tested, user);
    for (let count = 0; count < 10; count++) inContainer(tested, user, "echo x > /new; rm /data/plain");
    expect(settled(tested, user)).toEqual({ ...before, processes: [] });
  });
});

describe("podman as alice", () => {
  it("has a network of her own", ({ skip }) => {
    const { tested } = machines;
    const fetch = tested.run("alice", `mkdir -p www && echo served > www/page
      busybox httpd -f -p 127.0.0.1:8077 -h www & server=$!
      podman run --rm --network slirp4netns:allow_host_loopback=true localhost/bb wget -q -O - http://10.0.2.2:8077/page; status=$?
      kill $server; exit $status`);
    skip(fetch.stderr.includes("slirp4netns failed"), `slirp4netns does not work here: ${fetch.stderr.trim()}`);
    expect(fetch.stdout).toBe("served\n");
  });
});
