/** The options of `-o` that fuse-overlayfs has and the kernel's overlay has not; docs/fuse-overlayfs.md says what differs. */
import type { PresentationOptions } from "../engine/options.js";
import { parseId, parseIdMapping } from "./id-mapping.js";
import type { Row } from "./option-row.js";
import type { Settings } from "./settings.js";
import { display } from "../sys/bytes.js";
import { UsageError } from "./usage-error.js";

const PASSED_OVER = "passed over: it is about how fuse-overlayfs or libfuse works";

function present(settings: Settings, how: PresentationOptions): void {
  settings.presentation = { ...settings.presentation, ...how };
}

function enabled(name: string, help: string, how: PresentationOptions): Row {
  return { name, help, enable: (settings) => present(settings, how) };
}

export const fuseOverlayfsOptions: readonly Row[] = [
  {
    name: "uidmapping", value: "ONDISK:SHOWN:COUNT[:...]", help: "owners are shown, and stored, through this map",
    take: (settings, value) => present(settings, { uidMapping: parseIdMapping("uidmapping", value) }),
  },
  {
    name: "gidmapping", value: "ONDISK:SHOWN:COUNT[:...]", help: "the same for groups",
    take: (settings, value) => present(settings, { gidMapping: parseIdMapping("gidmapping", value) }),
  },
  { name: "squash_to_root", help: "all files are shown as root's", enable: (settings) => { settings.squashToRoot = true; } },
  {
    name: "squash_to_uid", value: "UID", help: "all files are shown as this user's",
    take: (settings, value) => present(settings, { squashUid: parseId("squash_to_uid", value) }),
  },
  {
    name: "squash_to_gid", value: "GID", help: "all files are shown as this group's",
    take: (settings, value) => present(settings, { squashGid: parseId("squash_to_gid", value) }),
  },
  {
    name: "xattr_permissions", value: "0|1|2", help: "owner and mode are kept in an xattr: 1: security.*, as root; 2: user.*",
    take: (settings, value) => {
      if (value !== "0" && value !== "1" && value !== "2") throw new UsageError(`the option 'xattr_permissions=${display(value)}' is not supported; use 0, 1 or 2`);
      if (value !== "0") present(settings, { xattrPermissions: value === "1" ? "security" : "user" });
    },
  },
  enabled("static_nlink", "directories have one link", { staticNlink: true }),
  enabled("noacl", "there are no ACLs", { noAcl: true }),
  enabled("ino32_t", "inode numbers have 32 bits", { shortInodeNumbers: true }),
  ...[
    "threaded=*", "fast_ino=*", "plugins=*", "max_write=*", "max_read=*", "kernel_cache", "splice_read", "splice_write", "splice_move",
  ].map((name): Row => ({ name, help: PASSED_OVER, passedOver: true })),
];
