/** The image `localhost/debian`: a Debian of the fewest packages, made by debootstrap, which fetches them. */
import type { Machine, User } from "./machine.js";

/** What has to be installed for it. */
export const DEBIAN_COMMANDS: readonly string[] = ["debootstrap", "tar"];

/** The archive that it is imported from, in the machine. */
export const DEBIAN_ARCHIVE = "/tmp/debian.tar";

/** Makes the archive; why that can't be done, or null. */
export async function archiveDebian(machine: Machine): Promise<string | null> {
  const made = await machine.runLong("root", "debootstrap --variant=minbase bookworm /tmp/debian");
  if (made.status !== 0) return `debootstrap can't make an image: ${made.stdout.trim().split("\n").at(-1) ?? ""} ${made.stderr.trim()}`;
  await machine.shLong("root", `tar --xattrs --xattrs-include='*' --numeric-owner -C /tmp/debian -cf ${DEBIAN_ARCHIVE} . && rm -rf /tmp/debian && chmod 644 ${DEBIAN_ARCHIVE}`);
  return null;
}

export async function importDebian(machine: Machine, users: readonly User[]): Promise<void> {
  for (const user of users) await machine.shLong(user, `podman import -q ${DEBIAN_ARCHIVE} localhost/debian`);
}
