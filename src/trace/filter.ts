/** Which events are wanted: by kind, and by the path that they are about. */
import type { Bytes } from "../sys/bytes.js";
import type { TraceEvent } from "./trace-event.js";

export interface Filter {
  /** All kinds where it is absent. */
  readonly only?: ReadonlySet<string>;
  /** From the root of the merged tree: what is at it and below it. */
  readonly path?: Bytes;
}

/** Whether an event passes; that some were dropped always does. */
export function passes({ only, path }: Filter, event: TraceEvent): boolean {
  if (event.kind === "dropped") return true;
  if (only && !only.has(event.kind)) return false;
  if (path === undefined) return true;
  return isAt(event.path, path) || ("to" in event && isAt(event.to, path));
}

function isAt(path: Bytes | null, prefix: Bytes): boolean {
  return path !== null && (prefix === "" || path === prefix || path.startsWith(`${prefix}/`));
}

/** A path as a user writes it, in the form that events have. */
export function plainPath(path: Bytes): Bytes {
  return path.split("/").filter((name) => name !== "" && name !== ".").join("/") as Bytes;
}
