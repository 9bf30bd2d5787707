/**
 * What a command line asks for, as it is gathered word by word, and the rule that it has one list of lower
 * layers from one kind of option: a mixture would leave open which layer is on top.
 */
import type { Bytes } from "../sys/bytes.js";
import { splitLayers } from "./escape.js";
import type { FeatureOptions, PresentationOptions } from "../engine/options.js";
import { UsageError } from "./usage-error.js";

/** Flags of mount(2) that an option can ask for. */
export type MountFlag =
  | "MS_RDONLY" | "MS_NOSUID" | "MS_NODEV" | "MS_NOEXEC" | "MS_SYNCHRONOUS" | "MS_DIRSYNC" | "MS_NOATIME"
  | "MS_NODIRATIME" | "MS_RELATIME" | "MS_STRICTATIME" | "MS_LAZYTIME";

export type LowerOption = "--lower" | "--from-inspect" | "lowerdir" | "lowerdir+";

/** The settings of a mount. */
export class Settings {
  readonly lower: Bytes[] = [];
  readonly dataOnly: Bytes[] = [];
  upper: Bytes | undefined;
  work: Bytes | undefined;
  source: Bytes | undefined;
  readonly flags = new Set<MountFlag>();
  allowOther = false;
  debug = false;
  profile = false;
  trace = false;
  copyUpAtOpen = false;
  passthrough = false;
  listsProvenance = false;
  /** Seconds for which the kernel may keep what it was told; absent: without a limit. */
  timeout: number | undefined;
  /** How attributes are shown, where that is not as they are on disk. */
  presentation: PresentationOptions = {};
  /** All files are shown as root's, but for what `presentation` says. */
  squashToRoot = false;
  /** The SELinux context of all files. */
  context: Bytes | undefined;
  /** Features of the overlay format that were asked for. */
  features: FeatureOptions = {};
  #lowerOption: LowerOption | undefined;

  constructor(
    /** The command line is in the form of fuse-overlayfs, and an option may have its meaning there. */
    readonly isFuseOverlayfs = false,
  ) {}

  /** `--lower` and `lowerdir+` add layers below those named before; `lowerdir` names all, as in the kernel. */
  addLower(option: LowerOption, value: Bytes): void {
    this.#oneKind(option);
    if (option === "lowerdir") this.lower.length = this.dataOnly.length = 0;
    if (option === "lowerdir" && value === "") return;
    if (option === "lowerdir+") {
      this.#noDataBefore(option);
      this.lower.push(value);
      return;
    }
    const { lower, dataOnly } = splitLayers(value, option);
    this.#noDataBefore(option);
    this.lower.push(...lower);
    this.dataOnly.push(...dataOnly);
  }

  /** `datadir+` adds a layer below all others that is not merged: metacopies find their data in it. */
  addData(value: Bytes): void {
    this.#oneKind("lowerdir+");
    this.dataOnly.push(value);
  }

  #noDataBefore(option: LowerOption): void {
    if (this.dataOnly.length > 0) throw new UsageError(`${option} follows a data-only layer; name the layers that are merged first`);
  }

  #oneKind(option: LowerOption): void {
    const former = this.#lowerOption;
    if (former !== undefined && former !== option) {
      throw new UsageError(`${former} and ${option} both name lower layers; name all of them by one of the two`);
    }
    this.#lowerOption = option;
  }
}
