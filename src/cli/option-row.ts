/** What a row of the tables of `-o` options is: a name, its help, and what the option does. */
import type { Bytes } from "../sys/bytes.js";
import type { MountFlag, Settings } from "./settings.js";

/** What an option does. */
type Effect =
  /** Sets and clears flags of mount(2); the last of two that contradict each other wins. */
  | { readonly set?: readonly MountFlag[]; readonly clear?: readonly MountFlag[] }
  /** Takes a value. */
  | { readonly take: (settings: Settings, value: Bytes) => void; readonly value: string }
  /** Switches something on. */
  | { readonly enable: (settings: Settings) => void }
  /** Is understood and changes nothing. */
  | { readonly passedOver: true }
  /** Takes one of `only`: the values that say what ovlfs does anyway. */
  | { readonly only: readonly string[] }
  /** Is known and not supported; the text says what to do instead. */
  | { readonly refused: string };

/** One option. A name that ends in `*` stands for all that begin so. */
export type Row = { readonly name: string; readonly help: string } & Effect;
