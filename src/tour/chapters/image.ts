/** The image of the lesson: two layers, as a container engine makes them, small enough to be seen whole. */
import { openToAll, symlink, type LayerTree } from "../layers.js";
import { mountCommand, type Situation } from "../situation.js";

const base: LayerTree = {
  bin: { greet: "echo hello\n" },
  etc: { hosts: "127.0.0.1 localhost\n", motd: "Welcome!\n" },
  lib: { "greet.so": "hello\n" },
  srv: { www: { "index.html": "<h1>Hi</h1>\n" } },
  tmp: openToAll,
  var: { cache: { a: "old a\n", b: "old b\n" } },
};

const init: LayerTree = {
  dev: { console: "", shm: {} },
  etc: { hosts: "", hostname: "", mtab: symlink("/proc/mounts") },
};

export const image = { base, init };

/** The names of its layers, topmost first. */
export const imageLowers = ["init", "base"];

/** The command that mounts it under a fresh container. */
export function mountImage(situation: Situation, options: readonly string[] = []): string {
  return mountCommand(situation, imageLowers.join(":"), options);
}

/** With options: as mountImage, to be told later. */
export function mountImageWith(...options: readonly string[]): (situation: Situation) => string {
  return (situation) => mountImage(situation, options);
}
