/** The legend that tells the layers of an overlay: each by its name, in its colour, with its path. */
import { layerName, type StackLayer } from "../../inspect/stack.js";
import { jsonName } from "../../json-name.js";
import { display } from "../../sys/bytes.js";
import type { Paint } from "./colours.js";

/** The width that the longest layer name takes. */
export function layerWidth(layers: readonly StackLayer[]): number {
  return Math.max(...layers.map((layer) => layerName(layer).length));
}

export function legend(layers: readonly StackLayer[], paint: Paint): string[] {
  const width = layerWidth(layers);
  return layers.map((layer) => `${paint.layer(layer, layerName(layer).padEnd(width))}  ${display(layer.path)}`);
}

export function jsonLayers(layers: readonly StackLayer[]): object[] {
  return layers.map((layer) => ({ layer: layerName(layer), ...jsonName("path", layer.path) }));
}
