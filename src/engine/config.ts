/**
 * The options of one overlay against each other. Two that were asked for and exclude each other are refused; a
 * default yields to what was asked for, and a line in the log says so. Opening the layers may then switch off
 * what a file system can't do.
 * Source: ovl_fs_params_verify in fs/overlayfs/params.c, and each combination tried on Linux 6.18, which has
 * fewer conflicts than its document: verity and data-only layers go with metacopy=off and with userxattr.
 */
import { OptionError, type OverlayOptions } from "./options.js";
import type { Log } from "./types.js";

/** The features in force. Settled when the overlay is open. */
export interface Config {
  redirectDir: "on" | "follow" | "nofollow";
  metacopy: boolean;
  index: boolean;
  nfsExport: boolean;
  xino: "on" | "auto" | "off";
  uuid: "on" | "auto" | "null" | "off";
  verity: "on" | "require" | "off";
  readonly userxattr: boolean;
  fsync: "auto" | "strict" | "volatile" | "off";
  readonly whiteouts: "overlay" | "oci";
}

/**
 * Settles the options; `mayUseTrusted`: whether `trusted.*` xattrs are ours to set. Where they are not, the format's are
 * `user.overlay.*`, as if userxattr had been said. Throws OptionError.
 */
export function settle(options: OverlayOptions, mayUseTrusted: boolean, log: Log): Config {
  if (!mayUseTrusted && !options.userxattr) refuseTrusted(options);
  const config = defaults(options, !mayUseTrusted);
  const hasUpper = options.upper !== undefined;
  if (!hasUpper) withoutUpper(config, options, log);
  resolveMetacopy(config, options, hasUpper);
  resolveExport(config, options, hasUpper, log);
  if (config.userxattr) resolveUserxattr(config, options);
  return config;
}

function defaults(options: OverlayOptions, userxattr: boolean): Config {
  const redirectDir = options.redirectDir ?? "follow";
  return {
    // With redirect_always_follow, the kernel's default, off means: written no more, but followed.
    redirectDir: redirectDir === "off" ? "follow" : redirectDir,
    metacopy: options.metacopy ?? false,
    index: options.index ?? false,
    nfsExport: options.nfsExport ?? false,
    xino: options.xino ?? "auto",
    uuid: options.uuid ?? "auto",
    verity: options.verity ?? "off",
    userxattr: options.userxattr ?? userxattr,
    fsync: options.volatile ? "volatile" : options.fsync ?? "auto",
    whiteouts: options.whiteouts ?? "overlay",
  };
}

function withoutUpper(config: Config, options: OverlayOptions, log: Log): void {
  if (options.index) log.warn("index=on is useless without an upper; ignored");
  config.index = false;
  if (config.fsync === "volatile") {
    log.warn("volatile is meaningless without an upper; ignored");
    config.fsync = "auto";
  }
  if (config.uuid === "on") {
    log.warn("uuid=on needs an upper; falling back to uuid=null");
    config.uuid = "null";
  }
}

/** metacopy needs redirect_dir=on. */
function resolveMetacopy(config: Config, options: OverlayOptions, hasUpper: boolean): void {
  // Only an upper is ever written to.
  if (!hasUpper && config.redirectDir === "follow") config.redirectDir = "on";
  if (!config.metacopy || config.redirectDir === "on") return;
  if (options.redirectDir !== undefined) {
    throw conflict(`metacopy=on,redirect_dir=${options.redirectDir}`, "use redirect_dir=on with metacopy=on");
  }
  config.redirectDir = "on";
}

/** nfs_export needs an index and excludes metacopy. */
function resolveExport(config: Config, options: OverlayOptions, hasUpper: boolean, log: Log): void {
  if (config.nfsExport && !config.index) {
    if (!hasUpper && config.redirectDir !== "nofollow") {
      log.warn("nfs_export=on needs redirect_dir=nofollow where there is no upper; falling back to nfs_export=off");
      config.nfsExport = false;
    } else if (options.index === false) {
      throw conflict("nfs_export=on,index=off", "use index=on with nfs_export=on");
    } else {
      config.index = true;
    }
  }
  if (config.nfsExport && config.metacopy) throw conflict("nfs_export=on,metacopy=on", "leave one of them out");
}

/** With xattrs that anybody may write, nothing that leads to another file is followed by default. */
function resolveUserxattr(config: Config, options: OverlayOptions): void {
  if (options.redirectDir !== undefined && config.redirectDir !== "nofollow") {
    throw conflict(`userxattr,redirect_dir=${options.redirectDir}`, "leave redirect_dir out, or use nofollow");
  }
  if (config.metacopy) throw conflict("userxattr,metacopy=on", "leave one of them out");
  config.redirectDir = "nofollow";
}

/** What is asked for by name must be there; the rest is found out by trying. */
function refuseTrusted(options: OverlayOptions): void {
  const { redirectDir, verity } = options;
  const wanted = redirectDir !== undefined && redirectDir !== "nofollow" ? `redirect_dir=${redirectDir}`
    : options.metacopy ? "metacopy=on"
      : verity !== undefined && verity !== "off" ? `verity=${verity}`
        : options.dataOnly && options.dataOnly.length > 0 ? "data-only layers" : null;
  if (wanted !== null) throw new OptionError(`${wanted} needs trusted.* xattrs, which only root may use; leave it out`);
}

function conflict(options: string, remedy: string): OptionError {
  return new OptionError(`conflicting options: ${options}; ${remedy}`);
}

/** Whether nothing is ever synced. */
export function syncsNothing({ fsync }: Config): boolean {
  return fsync === "volatile" || fsync === "off";
}

/** Whether redirects found in layers are followed. */
export function followsRedirects(config: Config): boolean {
  return config.redirectDir !== "nofollow";
}

/**
 * Whether lowers may be changed while they are not mounted, which a new directory has to be guarded from where a
 * feature is in use that relies on them. Source: ovl_allow_offline_changes in fs/overlayfs/overlayfs.h.
 */
export function allowsOfflineChanges(config: Config): boolean {
  return !config.index && !config.metacopy && config.redirectDir !== "on" && config.xino !== "on";
}

/** Switches off what needs xattrs on the upper, which takes none. Source: ovl_make_workdir. */
export function withoutXattrs(config: Config, log: Log): void {
  const off = (name: string): void => { log.warn(`the upper takes no overlay xattrs: falling back to ${name}`); };
  if (config.redirectDir !== "nofollow") {
    config.redirectDir = "nofollow";
    off("redirect_dir=nofollow");
  }
  if (config.metacopy) {
    config.metacopy = false;
    off("metacopy=off");
  }
  if (config.index) {
    config.index = false;
    off("index=off");
  }
  if (config.uuid === "on" || config.uuid === "auto") config.uuid = "null";
  if (config.nfsExport) {
    config.nfsExport = false;
    off("nfs_export=off");
  }
}
