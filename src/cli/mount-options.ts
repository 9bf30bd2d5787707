/**
 * The options of `-o`: one row for each, saying what it does. This table is all that knows them; the parser
 * and the help text both read it. An option without a row is refused by name.
 */
import { display, type Bytes } from "../sys/bytes.js";
import type { FeatureOptions } from "../engine/options.js";
import { splitOptions, unescape } from "./escape.js";
import { fuseOverlayfsOptions } from "./fuse-overlayfs-options.js";
import type { Row } from "./option-row.js";
import type { MountFlag, Settings } from "./settings.js";
import { UsageError } from "./usage-error.js";

const FOR_MOUNT = "passed over: for mount(8) and /etc/fstab";
const ATIME: readonly MountFlag[] = ["MS_NOATIME", "MS_RELATIME", "MS_STRICTATIME"];

/** An option with a few values, each of them a feature of the format. */
function choice<T extends string>(name: string, help: string, values: readonly T[], feature: (value: T) => FeatureOptions): Row {
  return {
    name, help, value: values.join("|"),
    take: (settings, value) => { settings.features = { ...settings.features, ...feature(oneOf(name, value, values)) }; },
  };
}

/** An option that is on or off. */
function switched(name: string, help: string, feature: (value: boolean) => FeatureOptions): Row {
  return choice(name, help, ["on", "off"], (value) => feature(value === "on"));
}

export const mountOptions: readonly Row[] = [
  {
    name: "lowerdir", value: "DIR[:DIR]...", help: "the lower layers, topmost first",
    take: (settings, value) => settings.addLower("lowerdir", value),
  },
  {
    name: "lowerdir+", value: "DIR", help: "one more lower layer below the others; colons and backslashes are literal",
    take: (settings, value) => settings.addLower("lowerdir+", value),
  },
  {
    name: "datadir+", value: "DIR", help: "one more layer that only gives the data of metacopies; colons and backslashes are literal",
    take: (settings, value) => settings.addData(value),
  },
  { name: "upperdir", value: "DIR", help: "the writable layer", take: (settings, value) => { settings.upper = unescape(value); } },
  { name: "workdir", value: "DIR", help: "an empty directory on the file system of the upper", take: (settings, value) => { settings.work = unescape(value); } },
  { name: "ro", help: "show the upper but do not write to it", set: ["MS_RDONLY"] },
  { name: "rw", help: "write to the upper (default)", clear: ["MS_RDONLY"] },
  { name: "volatile", help: "skip all syncing; the upper is lost if the machine crashes", enable: (settings) => { settings.features = { ...settings.features, fsync: "volatile" }; } },
  {
    name: "fsync", value: "auto|strict|volatile", help: "what copy-up syncs: data (auto, default), attributes too (strict), nothing; without 'mount' also 1 (auto) and 0 (nothing, and no guard)",
    take: (settings, value) => { settings.features = { ...settings.features, fsync: fsyncOf(settings, value) }; },
  },
  choice("redirect_dir", "renames of lower directories are written (on) or EXDEV; redirects are followed (default) or not",
    ["on", "follow", "nofollow", "off"], (redirectDir) => ({ redirectDir })),
  switched("metacopy", "a change of attributes copies no data (default off)", (metacopy) => ({ metacopy })),
  switched("index", "hard links stay links over a copy-up (default off)", (index) => ({ index })),
  switched("nfs_export", "file handles of the mount can be decoded (default off)", (nfsExport) => ({ nfsExport })),
  choice("xino", "inode numbers are unique in the whole mount, with each of these", ["on", "auto", "off"], (xino) => ({ xino })),
  choice("uuid", "the overlay has a uuid of its own (default auto: if it is fresh)", ["on", "auto", "null", "off"], (uuid) => ({ uuid })),
  choice("verity", "digests of metacopied data are kept and checked (default off)", ["on", "require", "off"], (verity) => ({ verity })),
  { name: "userxattr", help: "the format's attributes are 'user.overlay.*', which need no privilege", enable: (settings) => { settings.features = { ...settings.features, userxattr: true }; } },
  choice("whiteouts", "whose marks say what is deleted: the kernel's (overlay), or those of OCI layers too (oci; default without 'mount')",
    ["overlay", "oci"], (whiteouts) => ({ whiteouts })),
  {
    name: "copy_up", value: "change|open", help: "a file is copied up with its first change (default), or when it is opened for writing",
    take: (settings, value) => { settings.copyUpAtOpen = oneOf("copy_up", value, ["change", "open"]) === "open"; },
  },
  {
    name: "data", value: "cache|passthrough", help: "file data goes through the kernel's cache (default), or as root straight to the layers' files, for streaming",
    take: (settings, value) => { settings.passthrough = oneOf("data", value, ["cache", "passthrough"]) === "passthrough"; },
  },
  {
    name: "provenance", value: "hidden|listed", help: "the attributes user.ovlfs.*, which tell the layer of a file, are read by name only (default), or listed too",
    take: (settings, value) => { settings.listsProvenance = oneOf("provenance", value, ["hidden", "listed"]) === "listed"; },
  },
  { name: "override_creds", help: "the daemon works in the layers with its own credentials (always so)", passedOver: true },
  { name: "nooverride_creds", help: "refused", refused: "the daemon has no credentials but its own; leave it out" },
  { name: "suid", help: "honour setuid and setgid (default for root; others never have it)", clear: ["MS_NOSUID"] },
  { name: "nosuid", help: "ignore setuid and setgid", set: ["MS_NOSUID"] },
  { name: "dev", help: "honour device files (default for root; others never have it)", clear: ["MS_NODEV"] },
  { name: "nodev", help: "ignore device files", set: ["MS_NODEV"] },
  { name: "exec", help: "allow programs to be run (default)", clear: ["MS_NOEXEC"] },
  { name: "noexec", help: "no program can be run", set: ["MS_NOEXEC"] },
  { name: "sync", help: "each write waits for the disk", set: ["MS_SYNCHRONOUS"] },
  { name: "async", help: "writes do not wait for the disk (default)", clear: ["MS_SYNCHRONOUS"] },
  { name: "dirsync", help: "changes of directories wait for the disk", set: ["MS_DIRSYNC"] },
  { name: "atime", help: "the kernel's default for access times", clear: ["MS_NOATIME"] },
  { name: "noatime", help: "access times stay", clear: ATIME, set: ["MS_NOATIME"] },
  { name: "diratime", help: "access times of directories too (default)", clear: ["MS_NODIRATIME"] },
  { name: "nodiratime", help: "access times of directories stay", set: ["MS_NODIRATIME"] },
  { name: "relatime", help: "access times follow changes (default)", clear: ATIME, set: ["MS_RELATIME"] },
  { name: "norelatime", help: "without relatime", clear: ["MS_RELATIME"] },
  { name: "strictatime", help: "access times follow each access", clear: ATIME, set: ["MS_STRICTATIME"] },
  { name: "nostrictatime", help: "without strictatime", clear: ["MS_STRICTATIME"] },
  { name: "lazytime", help: "times are written out late", set: ["MS_LAZYTIME"] },
  { name: "nolazytime", help: "without lazytime", clear: ["MS_LAZYTIME"] },
  { name: "allow_other", help: "other users may enter (always on for root)", enable: (settings) => { settings.allowOther = true; } },
  { name: "allow_root", help: "refused", refused: "use allow_other, or leave it out" },
  { name: "auto_unmount", help: "refused", refused: "leave it out; 'ovlfs umount' removes what a killed daemon leaves" },
  { name: "default_permissions", help: "the kernel checks permissions (always on)", passedOver: true },
  { name: "debug", help: "stay in front and log each request", enable: (settings) => { settings.debug = true; } },
  { name: "profile", help: "as --profile", enable: (settings) => { settings.profile = true; } },
  {
    name: "timeout", value: "SECONDS", help: "how long the kernel keeps attributes and names before it asks again (default: without a limit)",
    take: (settings, value) => { settings.timeout = seconds("timeout", value); },
  },
  {
    name: "context", value: "CONTEXT", help: "the SELinux context of all files, where the kernel has SELinux",
    take: (settings, value) => { settings.context = unescape(value); },
  },
  { name: "trace", help: "as --trace", enable: (settings) => { settings.trace = true; } },
  { name: "fsname", value: "NAME", help: "the first field in /proc/mounts", take: (settings, value) => { settings.source = unescape(value); } },
  { name: "subtype", help: "the type in /proc/mounts is fuse.ovlfs", only: ["ovlfs"] },
  ...["remount", "bind", "rbind", "move"].map((name): Row => ({
    name, help: "refused", refused: "a mount cannot be changed; unmount it and mount it anew",
  })),
  ...[
    "defaults", "auto", "noauto", "user", "nouser", "users", "owner", "group", "nofail", "_netdev", "silent", "loud",
    "private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable",
    "user=*", "comment=*", "x-*", "X-*",
  ].map((name): Row => ({ name, help: FOR_MOUNT, passedOver: true })),
  ...fuseOverlayfsOptions,
];

const exact = new Map(mountOptions.filter((row) => !row.name.endsWith("*")).map((row) => [row.name, row]));
const prefixes = mountOptions.filter((row) => row.name.endsWith("*"));

function fsyncOf({ isFuseOverlayfs }: Settings, value: Bytes): NonNullable<FeatureOptions["fsync"]> {
  if (isFuseOverlayfs && (value === "0" || value === "1")) return value === "0" ? "off" : "auto";
  return oneOf("fsync", value, ["auto", "strict", "volatile"]);
}

function seconds(name: string, value: Bytes): number {
  if (/^([0-9]+(\.[0-9]*)?|\.[0-9]+)$/.test(value)) return Number(value);
  throw new UsageError(`the option '${name}=${display(value)}' is not a number of seconds; write '${name}=1' or '${name}=0.5'`);
}

function oneOf<T extends string>(name: string, value: Bytes, only: readonly T[]): T {
  const found = only.find((word) => word === value as string);
  if (found !== undefined) return found;
  const choice = only.map((word) => `${name}=${word}`).join(" or ");
  throw new UsageError(`the option '${name}=${display(value)}' is not supported; use ${choice}, or leave it out`);
}

/** Applies an option string, as given to `-o`, to `settings`. */
export function applyMountOptions(settings: Settings, text: Bytes): void {
  for (const option of splitOptions(text)) applyOption(settings, option);
}

function applyOption(settings: Settings, option: Bytes): void {
  const equals = option.indexOf("=");
  const name = equals < 0 ? option : option.slice(0, equals);
  const value = equals < 0 ? undefined : option.slice(equals + 1) as Bytes;
  if (prefixes.some((row) => option.startsWith(row.name.slice(0, -1)))) return;

  const row = exact.get(name);
  if (row === undefined) {
    throw new UsageError(`unknown option '${display(name as Bytes)}'; 'ovlfs mount --help' lists all that there are`);
  }
  if ("refused" in row) throw new UsageError(`the option '${name}' is not supported: ${row.refused}`);
  if (takesValue(row)) {
    if (value === undefined) throw new UsageError(`the option '${name}' needs a value; write '${name}=${valueOf(row)}'`);
  } else if (value !== undefined) {
    throw new UsageError(`the option '${name}' takes no value; write '${name}' alone`);
  }

  if ("take" in row) row.take(settings, value!);
  else if ("only" in row) oneOf(name, value!, row.only);
  else if ("enable" in row) row.enable(settings);
  else if (!("passedOver" in row)) {
    row.clear?.forEach((flag) => settings.flags.delete(flag));
    row.set?.forEach((flag) => settings.flags.add(flag));
  }
}

function takesValue(row: Row): boolean {
  return "take" in row || "only" in row;
}

function valueOf(row: Row): string {
  if ("take" in row) return row.value;
  return "only" in row ? row.only.join("|") : "";
}

/** The table as text: rows that follow each other with the same meaning share a line; refused ones are left out. */
export function describeMountOptions(): string {
  const lines: { names: string; help: string }[] = [];
  for (const row of mountOptions) {
    if ("refused" in row) continue;
    const form = takesValue(row) ? `${row.name}=${valueOf(row)}` : row.name;
    const last = lines.at(-1);
    if (last?.help === row.help) last.names += `, ${form}`;
    else lines.push({ names: form, help: row.help });
  }
  return lines.map(({ names, help }) => names.length > 28 ? `  ${names}\n${" ".repeat(32)}${help}` : `  ${names.padEnd(30)}${help}`).join("\n");
}
