/** What is there when a step has been done: pictures of all directories, and what the commands printed. */
import type { Entry, Picture } from "./picture.js";
import type { Situation } from "./situation.js";

export class Scene {
  constructor(
    readonly situation: Situation,
    /** By directory: merged, upper, work, and each lower. */
    readonly pictures: ReadonlyMap<string, Picture>,
    /** All that the acts of the step printed. */
    readonly printed: string,
    readonly isMounted: boolean,
  ) {}

  /** The entry at a path such as `upper/etc/motd`; a longest directory that is pictured is its beginning. */
  at(path: string): Entry | undefined {
    for (let cut = path.length; cut > 0; cut = path.lastIndexOf("/", cut - 1)) {
      const picture = this.pictures.get(path.slice(0, cut));
      if (picture !== undefined) return picture.get(path.slice(cut + 1));
    }
    return undefined;
  }

  /** The paths below a directory that is pictured. */
  below(directory: string): readonly string[] {
    return [...(this.pictures.get(directory)?.keys() ?? [])].filter((path) => path !== "");
  }
}
