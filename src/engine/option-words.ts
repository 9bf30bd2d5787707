/** The features in force in the words of the mount options that ask for them. */
import type { Config } from "./config.js";

const onOff = (value: boolean): string => value ? "on" : "off";

type Words = { readonly [Feature in keyof Config]: string | null };

/** One word for each feature; null for what is not in force and has no word for that. */
function wordsOf(config: Readonly<Config>): Words {
  return {
    redirectDir: `redirect_dir=${config.redirectDir}`,
    metacopy: `metacopy=${onOff(config.metacopy)}`,
    index: `index=${onOff(config.index)}`,
    nfsExport: `nfs_export=${onOff(config.nfsExport)}`,
    xino: `xino=${config.xino}`,
    uuid: `uuid=${config.uuid}`,
    verity: `verity=${config.verity}`,
    userxattr: config.userxattr ? "userxattr" : null,
    fsync: `fsync=${config.fsync === "off" ? "0" : config.fsync}`,
    whiteouts: config.whiteouts === "oci" ? "whiteouts=oci" : null,
  };
}

export function optionWords(config: Readonly<Config>): string[] {
  return Object.values<string | null>(wordsOf(config)).filter((word) => word !== null);
}
