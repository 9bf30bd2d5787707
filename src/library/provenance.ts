/** Where an object comes from, for programs: the engine's answer with names in the encoding that was asked for. */
import type { LayerName, Provenance, RealPlace } from "../engine/provenance.js";
import { fromBytes, type NameEncoding } from "./path.js";

/** A layer: the upper (number 0), or a lower or data-only layer, counted from 1, the topmost first. */
export interface OverlayLayer<Name = string> {
  readonly kind: LayerName["kind"];
  readonly number: number;
  /** Its directory, absolute. */
  readonly path: Name;
}

/** An object of a layer. */
export interface OverlayLayerPlace<Name = string> {
  readonly layer: OverlayLayer<Name>;
  /** Absolute; null where it has no name, or it is not known. */
  readonly path: Name | null;
}

export interface OverlayProvenance<Name = string> {
  /** What gives the attributes, and the data unless `data` says otherwise; of a merged directory the topmost. */
  readonly top: OverlayLayerPlace<Name>;
  /** What gives the data of a metacopy; null for all else. */
  readonly data: OverlayLayerPlace<Name> | null;
  /** What an object of the upper was copied up from: "unknown" where that is not found any more, null where it was not. */
  readonly origin: OverlayLayerPlace<Name> | "unknown" | null;
}

export function toProvenance({ top, data, origin }: Provenance, encoding: NameEncoding): OverlayProvenance<string | Buffer> {
  const place = ({ layer, path }: RealPlace): OverlayLayerPlace<string | Buffer> => ({
    layer: { kind: layer.kind, number: layer.number, path: fromBytes(layer.path, encoding) },
    path: path && fromBytes(path, encoding),
  });
  return { top: place(top), data: data && place(data), origin: origin === null || origin === "unknown" ? origin : place(origin) };
}
