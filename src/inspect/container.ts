/**
 * The layers that container engines tell of: the JSON of `docker inspect` and `podman inspect`, and that of `ovlfs
 * inspect`, which has the same form. The upper of an image is a layer of the image: it is told as the topmost lower, so
 * that nobody writes to it.
 */
import { bytes, bytesOf, concat, type Bytes } from "../sys/bytes.js";
import { InspectError } from "./inspect-error.js";

/** What such a text says of one overlay. */
export interface Inspected {
  /** A list as lowerdir= takes it. */
  readonly lower: Bytes;
  readonly upper: Bytes | null;
  readonly work: Bytes | null;
  readonly merged: Bytes | null;
  /** Those in force, where the text says them. */
  readonly options: readonly string[];
  /** It is in use by a container that runs. */
  readonly isRunning: boolean;
}

type Json = { readonly [name: string]: unknown };

/** Reads what `source` holds, a name for messages. Throws InspectError where it tells of no overlay, or of several. */
export function parseInspected(text: string, source: string): Inspected {
  const object = theOne(parsed(text, source), source);
  const driver = isObject(object.GraphDriver) ? object.GraphDriver : object;
  const data = isObject(driver.Data) ? driver.Data : {};
  const [lower, upper, work, merged] = ["LowerDir", "UpperDir", "WorkDir", "MergedDir"].map((name) => directoryOf(data, name));
  if (!lower && !upper) throw new InspectError(`${source} names no layers: ${reason(driver)}`);
  const common = { merged: merged ?? null, options: wordsOf(driver.Options), isRunning: isRunning(object.State) };
  if (!lower || isImage(object)) return { ...common, lower: layered(upper, lower), upper: null, work: null };
  return { ...common, lower, upper: upper ?? null, work: work ?? null };
}

function parsed(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InspectError(`${source} is no JSON; give what 'docker inspect', 'podman inspect' or 'ovlfs inspect' printed`);
  }
}

/** Engines print a list, with one object for each name that they were given. */
function theOne(value: unknown, source: string): Json {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const [object] = list;
  if (list.length === 1 && isObject(object)) return object;
  throw new InspectError(`${source} tells of ${list.length === 1 ? "no" : list.length} containers; give the inspection of one`);
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Of a name that is not UTF-8 `ovlfs inspect` gives the bytes beside it. */
function directoryOf(data: Json, name: string): Bytes | undefined {
  const [value, raw] = [data[name], data[`${name}Base64`]];
  if (typeof raw === "string") return bytesOf(Buffer.from(raw, "base64"));
  return typeof value === "string" && value !== "" ? bytes(value) : undefined;
}

function wordsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((word) => typeof word === "string") : [];
}

function isImage(object: Json): boolean {
  return "RootFS" in object || "RepoTags" in object;
}

function isRunning(state: unknown): boolean {
  return isObject(state) && (state.Running === true || state.Status === "running");
}

/** The upper as the topmost of a list of lowers. */
function layered(upper: Bytes | undefined, lower: Bytes | undefined): Bytes {
  const escaped = escapeLayer(upper ?? "" as Bytes);
  return lower ? concat(escaped, ":" as Bytes, lower) : escaped;
}

function reason({ Name }: Json): string {
  if (typeof Name !== "string" || Name.includes("overlay")) return "it has no GraphDriver.Data with LowerDir and UpperDir";
  return `its storage driver is '${Name}', which has none`;
}

/** A name in a list of layers. */
export function escapeLayer(path: Bytes): Bytes {
  return path.replace(/[\\:]/g, "\\$&") as Bytes;
}
