/** A whole distribution in a container: a package is installed with all that dpkg and its scripts do. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { archiveDebian, DEBIAN_COMMANDS, importDebian } from "./debian.js";
import { quoted } from "./container.js";
import { subject } from "./fixture.js";
import { Machine, machineUnavailable, users } from "./machine.js";

let missing = machineUnavailable(["podman", "crun", "newuidmap", ...DEBIAN_COMMANDS]);
let machine: Machine | undefined;

beforeAll(async () => {
  if (missing !== null) return;
  machine = new Machine(subject);
  missing = await archiveDebian(machine);
  if (missing === null) await importDebian(machine, users);
}, 600_000);
beforeEach(({ skip }) => { skip(missing !== null, missing ?? ""); });
afterAll(() => { machine?.end(); });

describe.for(users)("as %s", (user) => {
  it("apt-get installs a package in a Debian image, and what was committed has it", async () => {
    const install = "apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends less";
    await machine!.shLong(user, `podman run --name apt localhost/debian sh -c ${quoted(install)}`);
    await machine!.shLong(user, "podman commit -q apt localhost/installed && podman rm apt");
    const found = await machine!.shLong(user, `podman run --rm localhost/installed sh -c ${quoted("dpkg --audit; dpkg --verify; less --version | head -n 1; readlink -f /usr/bin/pager; dpkg -s less | grep ^Status")}`);
    expect(found).toMatch(/^less \d+.*\n\/usr\/bin\/less\nStatus: install ok installed\n$/);
  }, 300_000);
});
