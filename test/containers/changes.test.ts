/** What containers show, and what podman tells and stores of their changes, with ids as they are and with others. */
import { describe, it } from "vitest";
import { inContainer, quoted } from "./container.js";
import { expectAlike, machinesFor } from "./fixture.js";
import { CHANGES, LIST } from "./image.js";
import { users } from "./machine.js";
import { layersOf } from "./pictures.js";

const machines = machinesFor([]);

/**
 * A lower directory that was removed and made again: with a mount program podman compares two mounts, and tells of the
 * names in it; with the kernel's overlay it looks into the upper, and tells of the directory.
 */
const told: (line: string) => boolean = (line) => !/data\/(made-again|replaced-by-directory)\/\.wh\.|[CD] \/data\/(made-again|replaced-by-directory)(\/f\d)?$/.test(line);

describe.for(users)("podman as %s", (user) => {
  it("shows changes of each kind, tells of them and commits them as with the kernel's overlay", () => {
    expectAlike(machines, (machine) => {
      const shown = machine.sh(user, `podman run --name changed localhost/bb sh -c ${quoted(`${CHANGES}\n${LIST}`)}`);
      const differences = machine.sh(user, "podman diff changed").split("\n").sort().filter(told);
      machine.sh(user, "podman commit -q changed localhost/changed && podman rm changed");
      const layers = layersOf(machine, user, "localhost/changed").map((layer) => layer.filter(told));
      const again = inContainer(machine, user, LIST, "", "localhost/changed");
      machine.sh(user, "podman rmi -f localhost/changed");
      return { shown: shown.split("\n"), differences, layers, again: again.split("\n") };
    });
  });
});
