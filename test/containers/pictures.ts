/**
 * What an image consists of, in lines that can be compared: each entry of each layer with its type, mode, owner,
 * size, time, attributes and content. Times after the test began are "now": they differ from run to run.
 */
import type { Machine, User } from "./machine.js";

const DATE = /\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?/g;

/** The layers of an image above those of `localhost/bb`, the lowest first. */
export function layersOf(machine: Machine, user: User, image: string): string[][] {
  machine.sh(user, `rm -rf /tmp/saved && mkdir /tmp/saved && podman save -q -o /tmp/saved/image.tar ${image} && cd /tmp/saved && tar -xf image.tar`);
  const manifest = JSON.parse(machine.sh(user, "cat /tmp/saved/manifest.json")) as readonly [{ readonly Layers: readonly string[] }];
  const layers = manifest[0].Layers.slice(1).map((name) => layerPicture(machine, user, name));
  machine.sh(user, "rm -rf /tmp/saved");
  return layers;
}

function layerPicture(machine: Machine, user: User, name: string): string[] {
  const listed = machine.sh(user, `tar --numeric-owner --full-time --xattrs --xattrs-include='*' -tvvf /tmp/saved/${name}`);
  const hashed = machine.sh(user, `tar -xf /tmp/saved/${name} --to-command='echo "$TAR_FILENAME $(sha256sum)"'`);
  return [...entries(listed), ...hashed.trim().split("\n").sort()];
}

/**
 * The lines of a listing, sorted; the lines with the xattrs of an entry stand behind it and go with it. For a user
 * without a mount program podman stores the overlay's own xattrs too, which is its mistake.
 */
function entries(listed: string): string[] {
  const since = sinceStart();
  const lines = listed.trimEnd().replace(/\n +x: \d+ user\.overlay\.\S+/g, "").replace(/\n {2}/g, " ").replace(/^(\S+)\*/gm, "$1").split("\n");
  return lines.map((line) => line.replace(DATE, since).replace(/ +/g, " ")).sort();
}

function sinceStart(): (date: string) => string {
  const start = Date.now() - process.uptime() * 1000;
  return (date) => (Date.parse(`${date.slice(0, 19).replace(" ", "T")}Z`) >= start - 1000 ? "now" : date);
}
