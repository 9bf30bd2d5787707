/** The lesson tells of the kernel's own defaults; a distribution may have set others, which are then set back. */
import { readFileSync } from "node:fs";

const FEATURES = ["redirect_dir", "index", "metacopy", "nfs_export"] as const;

/** Options that switch off what this machine's module parameters switch on. */
export function kernelDefaults(): string[] {
  return FEATURES.filter(isOn).map((feature) => `${feature}=off`);
}

function isOn(feature: string): boolean {
  try {
    return readFileSync(`/sys/module/overlay/parameters/${feature}`, "latin1").startsWith("Y");
  } catch {
    return false;
  }
}
