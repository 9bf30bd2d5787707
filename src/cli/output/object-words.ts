/** What an object of a layer is called. */
import type { Entry } from "../../inspect/merged-directory.js";
import type { DirectoryStep, FileStep } from "../../inspect/steps.js";
import { typeOf as typeOfMode } from "../../sys/object-type.js";

export function typeName({ stat }: Pick<DirectoryStep | FileStep, "stat">): string {
  return typeOfMode(stat.type);
}

/** The type of what is seen under a name; `unreadable` where looking it up is refused. */
export function typeOf(entry: Entry | null): string {
  return entry?.provider ? typeName(entry.provider) : "unreadable";
}
