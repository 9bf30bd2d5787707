/**
 * Reads the words of a command line one by one, as getopt_long(3) does, for every command; knows no option by name.
 * Words are bytes, since they name files.
 */
import { display, type Bytes } from "../sys/bytes.js";
import { UsageError } from "./usage-error.js";

/** An option, with the value attached to its word if there is one. */
export interface OptionItem {
  readonly option: string;
  readonly attached: Bytes | undefined;
}

/** One word read. */
export type Item = OptionItem | { readonly plain: Bytes };

/** Reads words one by one: `--long`, `--long=value`, `-abc`, `-ovalue`; `--` ends the options. */
export class WordReader {
  #next = 0;
  #letters = "" as Bytes;
  #onlyPlain = false;
  readonly #words: readonly Bytes[];

  constructor(words: readonly Bytes[]) {
    this.#words = words;
  }

  read(): Item | undefined {
    if (this.#letters !== "") return this.#letter();
    const word = this.#words[this.#next++];
    if (word === undefined) return undefined;
    if (this.#onlyPlain || word === "-" || !word.startsWith("-")) return { plain: word };
    if (word === "--") {
      this.#onlyPlain = true;
      return this.read();
    }
    if (word.startsWith("--")) {
      const equals = word.indexOf("=");
      if (equals < 0) return { option: word, attached: undefined };
      return { option: word.slice(0, equals), attached: word.slice(equals + 1) as Bytes };
    }
    this.#letters = word.slice(1) as Bytes;
    return this.#letter();
  }

  #letter(): OptionItem {
    const option = `-${this.#letters[0]!}`;
    const rest = this.#letters.slice(1) as Bytes;
    this.#letters = (option === "-o" ? "" : rest) as Bytes;
    return { option, attached: option === "-o" && rest !== "" ? rest : undefined };
  }

  /** The value of an option that needs one: attached to it, or the next word. */
  value(item: OptionItem, what: string): Bytes {
    const value = item.attached ?? this.#words[this.#next++];
    if (value === undefined) throw new UsageError(`${item.option} needs a value; write '${item.option} ${what}'`);
    return value;
  }
}

/** The error for an option that `command` does not have. */
export function unknownOption(option: string, command: string): UsageError {
  const help = command === "ovlfs" ? "ovlfs --help" : `ovlfs ${command} --help`;
  return new UsageError(`unknown option '${display(option as Bytes)}'; '${help}' lists all that there are`);
}

/** Refuses a value at an option that has none. */
export function noValue(item: OptionItem): void {
  if (item.attached !== undefined) throw new UsageError(`${item.option} takes no value; write '${item.option}' alone`);
}
