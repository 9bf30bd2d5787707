/**
 * Words to commands. Two forms lead to the same mount: `ovlfs mount …` with long options, and the form of
 * fuse-overlayfs and mount.fuse, `ovlfs [SOURCE] MERGED -o …`, known by not beginning with a command's name.
 * Options may stand anywhere; nothing here touches a file but the one
 * that --from-inspect names.
 */
import { bytes, display, type Bytes } from "../sys/bytes.js";
import type { FeatureOptions, PresentationOptions } from "../engine/options.js";
import { readHelperCall } from "./mount-helper.js";
import type { Inspected } from "../inspect/container.js";
import { takeInspected } from "./from-inspect.js";
import { applyMountOptions } from "./mount-options.js";
import { Settings, type MountFlag } from "./settings.js";
import { UsageError } from "./usage-error.js";
import { noValue, unknownOption, WordReader, type OptionItem } from "./word-reader.js";

/** A mount to make: plain data, as it is handed to the daemon. */
export interface MountCommand {
  readonly kind: "mount";
  /** As given, not resolved yet. */
  readonly mountpoint: Bytes;
  readonly lower: readonly Bytes[];
  readonly dataOnly: readonly Bytes[];
  readonly upper?: Bytes;
  readonly work?: Bytes;
  readonly source: Bytes;
  readonly flags: readonly MountFlag[];
  readonly allowOther: boolean;
  readonly debug: boolean;
  readonly copyUpAtOpen: boolean;
  readonly passthrough: boolean;
  readonly listsProvenance: boolean;
  readonly timeout?: number;
  readonly context?: Bytes;
  readonly presentation: PresentationOptions;
  readonly features: FeatureOptions;
  readonly foreground: boolean;
  readonly transport: TransportName;
  /** Where to log to, instead of syslog or standard error. */
  readonly logFile?: Bytes;
  /** What the mount spends is counted from the start. */
  readonly profile: boolean;
  /** Where that is written to, instead of the log. */
  readonly profileFile?: Bytes;
  /** What happens in the mount is told from the start. */
  readonly trace: boolean;
  /** Where that is written to, instead of the log. */
  readonly traceFile?: Bytes;
}

export interface UmountCommand {
  readonly kind: "umount";
  readonly mountpoint: Bytes;
  readonly lazy: boolean;
}

export type Topic = "ovlfs" | "mount" | "umount";

export type Command =
  | MountCommand
  | UmountCommand
  | { readonly kind: "version" }
  /** All words are right, and nothing is to be done. */
  | { readonly kind: "nothing" }
  | { readonly kind: "help"; readonly topic: Topic };

const transports = ["fuse", "fuse-native"] as const;
export type TransportName = (typeof transports)[number];

/** The command that `words` (without the program's name) stand for; throws UsageError. */
export function parseCommand(words: readonly Bytes[]): Command {
  switch (words[0]) {
    case undefined: throw new UsageError("no command is given; 'ovlfs --help' shows what there is");
    case "mount": return new MountWords(words.slice(1), "mount").parse();
    case "mount-helper": return parseHelperCall(words.slice(1));
    case "umount": return parseUmount(words.slice(1));
    default: return new MountWords(words, "ovlfs").parse();
  }
}

function parseHelperCall(words: readonly Bytes[]): Command {
  const call = readHelperCall(words);
  const command = new MountWords(call.words, "mount-helper").parse();
  return call.fake ? { kind: "nothing" } : command;
}

/** The words of a mount, in each form. */
class MountWords {
  readonly #reader: WordReader;
  readonly #form: "ovlfs" | "mount" | "mount-helper";
  readonly #settings: Settings;
  readonly #plain: Bytes[] = [];
  #foreground = false;
  #transport: TransportName = "fuse";
  #logFile: Bytes | undefined;
  #profileFile: Bytes | undefined;
  #traceFile: Bytes | undefined;
  #inspected: Inspected | undefined;
  #other: Command | undefined;

  constructor(words: readonly Bytes[], form: "ovlfs" | "mount" | "mount-helper") {
    this.#reader = new WordReader(words);
    this.#form = form;
    this.#settings = new Settings(form !== "mount");
  }

  parse(): Command {
    for (let item = this.#reader.read(); item !== undefined; item = this.#reader.read()) {
      if ("plain" in item) this.#plain.push(item.plain);
      else this.#option(item);
      if (this.#other !== undefined) return this.#other;
    }
    return this.#command();
  }

  #option(item: OptionItem): void {
    const settings = this.#settings;
    switch (item.option) {
      case "--lower": return settings.addLower("--lower", this.#reader.value(item, "DIR[:DIR]..."));
      case "--upper": settings.upper = this.#directory(item); return;
      case "--work": settings.work = this.#directory(item); return;
      case "--from-inspect": this.#inspected = takeInspected(settings, this.#reader.value(item, "FILE")); return;
      case "-o": case "--options": return applyMountOptions(settings, this.#reader.value(item, "OPTION[,OPTION]..."));
      case "--transport": this.#transport = this.#transportName(item); return;
      case "--profile": settings.profile = true; this.#profileFile = item.attached; return;
      case "--trace": settings.trace = true; this.#traceFile = item.attached; return;
      case "--log": this.#logFile = this.#reader.value(item, "FILE"); return;
      default: noValue(item);
    }
    switch (item.option) {
      case "-f": case "--foreground": this.#foreground = true; return;
      case "-d": case "--debug": settings.debug = true; return;
      case "-s": return;
      case "-h": case "--help": this.#other = { kind: "help", topic: this.#form === "mount" ? "mount" : "ovlfs" }; return;
      case "-V": case "--version": this.#other = { kind: "version" }; return;
      default: throw unknownOption(item.option, this.#form);
    }
  }

  #directory(item: OptionItem): Bytes {
    return this.#reader.value(item, "DIR");
  }

  #transportName(item: OptionItem): TransportName {
    const value = this.#reader.value(item, transports.join("|"));
    const name = transports.find((known) => known === value);
    if (name === undefined) {
      throw new UsageError(`unknown transport '${display(value)}'; use --transport ${transports.join(" or --transport ")}`);
    }
    return name;
  }

  #command(): MountCommand {
    const settings = this.#settings;
    const [source, mountpoint] = this.#places();
    if (settings.lower.length === 0) throw this.#noLower();
    if (this.#inspected?.isRunning && settings.upper === this.#inspected.upper && !settings.flags.has("MS_RDONLY")) {
      throw new UsageError("the container runs, and two overlays must not write to one upper; stop it first, or mount with -o ro");
    }
    for (const [option, value] of [["--upper or upperdir", settings.upper], ["--work or workdir", settings.work]] as const) {
      if (value === "") throw new UsageError(`${option} is empty; name a directory, or leave it out`);
    }
    for (const [option, isSet] of [["--profile", settings.profile], ["data=passthrough", settings.passthrough]] as const) {
      if (isSet && this.#transport !== "fuse") {
        throw new UsageError(`${option} is not supported by --transport ${this.#transport}; leave one of them out`);
      }
    }
    return {
      kind: "mount",
      mountpoint,
      lower: settings.lower,
      dataOnly: settings.dataOnly,
      ...(settings.upper === undefined ? {} : { upper: settings.upper }),
      ...(settings.work === undefined ? {} : { work: settings.work }),
      source: settings.source ?? source ?? bytes("ovlfs"),
      flags: [...settings.flags],
      allowOther: settings.allowOther,
      debug: settings.debug,
      copyUpAtOpen: settings.copyUpAtOpen,
      passthrough: settings.passthrough,
      listsProvenance: settings.listsProvenance,
      ...(settings.timeout === undefined ? {} : { timeout: settings.timeout }),
      ...(settings.context === undefined ? {} : { context: settings.context }),
      presentation: settings.squashToRoot ? { squashUid: 0, squashGid: 0, ...settings.presentation } : settings.presentation,
      // The layers that fuse-overlayfs is given are those of containers, as it leaves and reads them.
      features: settings.isFuseOverlayfs ? { whiteouts: "oci", ...settings.features } : settings.features,
      foreground: this.#foreground || settings.debug,
      transport: this.#transport,
      ...(this.#logFile === undefined ? {} : { logFile: this.#logFile }),
      profile: settings.profile,
      ...(this.#profileFile === undefined ? {} : { profileFile: this.#profileFile }),
      trace: settings.trace,
      ...(this.#traceFile === undefined ? {} : { traceFile: this.#traceFile }),
    };
  }

  #noLower(): UsageError {
    const first = this.#plain[0];
    if (this.#form === "ovlfs" && first !== undefined && !first.includes("/")) {
      return new UsageError(`unknown command '${display(first)}'; 'ovlfs --help' shows what there is`);
    }
    return new UsageError("no lower layer is given; name at least one by --lower DIR or -o lowerdir=DIR");
  }

  /** `[source, mountpoint]` of the plain words. */
  #places(): readonly [Bytes | undefined, Bytes] {
    const [first = this.#inspected?.merged ?? undefined, second, ...more] = this.#plain;
    const extra = this.#form === "mount" ? second : more[0];
    if (extra !== undefined) {
      throw new UsageError(`there is one word too many: '${display(extra)}'; give one mount point, and layers by --lower, --upper and --work`);
    }
    if (first === undefined) throw new UsageError("no mount point is given; name a directory as the last word");
    const [source, mountpoint] = second === undefined ? [undefined, first] : [first, second];
    if (mountpoint === "") throw new UsageError("the mount point is empty; name a directory");
    return [source, mountpoint];
  }
}

function parseUmount(words: readonly Bytes[]): Command {
  const reader = new WordReader(words);
  const plain: Bytes[] = [];
  let lazy = false;
  for (let item = reader.read(); item !== undefined; item = reader.read()) {
    if ("plain" in item) {
      plain.push(item.plain);
      continue;
    }
    noValue(item);
    switch (item.option) {
      case "-l": case "--lazy": lazy = true; break;
      case "-h": case "--help": return { kind: "help", topic: "umount" };
      default: throw unknownOption(item.option, "umount");
    }
  }
  const [mountpoint, extra] = plain;
  if (mountpoint === undefined || mountpoint === "") throw new UsageError("no mount point is given; name the directory to unmount");
  if (extra !== undefined) throw new UsageError(`there is one word too many: '${display(extra)}'; unmount one directory at a time`);
  return { kind: "umount", mountpoint, lazy };
}
