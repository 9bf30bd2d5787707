/**
 * Who gives the tour its overlay and what that one may use. The lesson is written once; what differs between root
 * and a user, or between ovlfs and the kernel, it asks from here, so that each command shown is the one that runs.
 */

export interface Situation {
  /** Whose overlay the tour is on. */
  readonly mounter: "ovlfs" | "kernel";
  /** Whether the marks are `trusted.overlay.*`, which takes root; else `user.overlay.*`. */
  readonly trusted: boolean;
  /** Whether root runs the tour. */
  readonly isRoot: boolean;
  /** Options that the kernel's overlay needs to behave as by its own defaults on this machine. */
  readonly kernelDefaults: readonly string[];
}

/** A value of the lesson that may depend on the situation. */
export type Told<T> = T | ((situation: Situation) => T);

export function tell(text: Told<string>, situation: Situation): string {
  return typeof text === "string" ? text : text(situation);
}

/** The full name of an overlay xattr. */
export function markName(situation: Situation, name: string): string {
  return `${situation.trusted ? "trusted" : "user"}.overlay.${name}`;
}

/** The command that mounts `lowers` (a colon-separated list, topmost first) at `merged`. */
export function mountCommand(situation: Situation, lowers: string, options: readonly string[] = []): string {
  const marks = situation.trusted ? [] : ["userxattr"];
  if (situation.mounter === "ovlfs") {
    const all = [...marks, ...options];
    return `ovlfs mount --lower ${lowers} --upper upper --work work ${all.length === 0 ? "" : `-o ${all.join(",")} `}merged`;
  }
  const overridden = options.map(optionName);
  const defaults = situation.kernelDefaults.filter((option) => !overridden.includes(optionName(option)));
  return `mount -t overlay overlay -o ${[`lowerdir=${lowers}`, "upperdir=upper", "workdir=work", ...marks, ...defaults, ...options].join(",")} merged`;
}

export function umountCommand(situation: Situation): string {
  return situation.mounter === "ovlfs" ? "ovlfs umount merged" : "umount merged";
}

function optionName(option: string): string {
  return option.slice(0, option.indexOf("="));
}
