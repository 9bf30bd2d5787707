/** Events for people, a line each, and as JSON for programs. */
import { describeLayer } from "../engine/provenance.js";
import { jsonName, jsonText } from "../json-name.js";
import { display, type Bytes } from "../sys/bytes.js";
import type { TraceEvent } from "./trace-event.js";

function shown(name: Bytes | null): string {
  return name === null ? "(no name)" : display(name);
}

/** For example `copy-up etc/hosts from lower 2 (/layers/base) 174 B`. */
export function eventLine(event: TraceEvent): string {
  switch (event.kind) {
    case "copy-up": return `copy-up ${shown(event.path)} from ${describeLayer(event.from)}${copied(event)}`;
    case "whiteout": return `whiteout ${shown(event.path)}`;
    case "opaque": return `opaque ${shown(event.path)}`;
    case "redirect": return `redirect ${shown(event.lower)} -> ${shown(event.path)}`;
    case "create": return `create ${shown(event.path)}${ofType(event.type, event.target === undefined ? "" : ` to ${shown(event.target)}`)}`;
    case "remove": return `remove ${shown(event.path)}${ofType(event.type)}`;
    case "rename": return event.exchange ? `exchange ${shown(event.path)} <-> ${shown(event.to)}` : `rename ${shown(event.path)} -> ${shown(event.to)}`;
    case "link": return `link ${shown(event.path)} -> ${shown(event.to)}`;
    case "metadata": return `metadata ${shown(event.path)} ${event.changes.map(shown).join(", ")}`;
    case "write": return `write ${shown(event.path)} ${event.bytes} B at ${event.offset}`;
    case "lookup-miss": return `lookup miss ${shown(event.path)}${event.reason === "whiteout" ? " (whiteout)" : ""}`;
    case "dropped": return `dropped ${event.count} events, which were not read in time`;
  }
}

function copied({ type, part, bytes }: TraceEvent & { readonly kind: "copy-up" }): string {
  if (part === "attributes") return " attributes only";
  if (type !== "file") return "";
  return part === "data" ? ` ${bytes} B, the data of a metacopy` : ` ${bytes} B`;
}

/** What is no plain file says so. */
function ofType(type: string, more = ""): string {
  return type === "file" ? "" : ` (${type}${more})`;
}

/** With the time before it. */
export function timedLine(event: TraceEvent): string {
  return `${new Date(event.time).toISOString()} ${eventLine(event)}`;
}

/** Names that can stand in an event. */
const NAMES = ["path", "to", "lower", "target"] as const;

/** One JSON object on one line. */
export function eventJson(event: TraceEvent): string {
  const names: Record<string, string> = {};
  for (const key of NAMES) {
    const name = (event as { readonly [Key in typeof key]?: Bytes | null })[key];
    if (typeof name === "string") Object.assign(names, jsonName(key, name));
  }
  const { time, ...others } = event;
  return JSON.stringify({ time: new Date(time).toISOString(), ...others, ...names, ...inner(event) });
}

/** The names further in. */
function inner(event: TraceEvent): object {
  switch (event.kind) {
    case "copy-up": return { from: { ...event.from, ...jsonName("path", event.from.path) } };
    case "metadata": return { changes: event.changes.map(jsonText) };
    default: return {};
  }
}
