/** Containers whose ids are not those of whoever runs them. */
import { describe, it } from "vitest";
import { inContainer } from "./container.js";
import { expectAlike, machinesFor } from "./fixture.js";
import { CHANGES, LIST } from "./image.js";
import { users } from "./machine.js";

const machines = machinesFor([]);

describe.for(users)("podman as %s", (user) => {
  it("runs with ids of its own", () => {
    const range = user === "root" ? "0:300000:1000" : "0:1:1000";
    expectAlike(machines, (machine) => {
      const words = `--uidmap ${range} --gidmap ${range}`;
      return inContainer(machine, user, `cat /proc/self/uid_map; id; stat -c '%u:%g %n' / /data/*; ${CHANGES}; ${LIST}`, words).split("\n");
    });
  });
});

describe("podman as alice", () => {
  it("keeps her id in a container", () => {
    expectAlike(machines, (machine) => {
      const words = '--userns=keep-id --volume "$PWD/own:/own"';
      machine.sh("alice", "rm -rf own && mkdir own");
      const said = inContainer(machine, "alice", `id; stat -c '%u:%g %n' / /data/* /own; echo x > /own/file; touch /tmp/x; stat -c %u:%g /tmp/x /own/file; touch /root/x 2>&1; true`, words);
      return { said, outside: machine.sh("alice", "stat -c %U:%G own/file") };
    });
  });
});
