/** How a list of what is shadowed is shown. */
import type { ShadowedObject } from "../../inspect/shadowed.js";
import { layerName } from "../../inspect/stack.js";
import type { Hiding } from "../../inspect/steps.js";
import { jsonName } from "../../json-name.js";
import { display } from "../../sys/bytes.js";
import type { Paint } from "./colours.js";
import { typeName } from "./object-words.js";

const CAUSES: Readonly<Record<Hiding["cause"], string>> = {
  file: "a file", directory: "a directory", metacopy: "a metacopy", whiteout: "a whiteout", opaque: "an opaque directory",
  redirect: "a redirect", refusal: "a refused lookup", index: "a copy in the index",
};

/** An object a line, in columns. */
export function shadowedTable(list: readonly ShadowedObject[], size: (bytes: number) => string, paint: Paint): string[] {
  const sizes = list.map(({ bytes }) => size(bytes));
  const layers = list.map(({ object }) => layerName(object.layer));
  const widths = [Math.max(0, ...sizes.map(({ length }) => length)), Math.max(0, ...layers.map(({ length }) => length))] as const;
  return list.map(({ path, object, hiding }, i) => {
    const layer = paint.layer(object.layer, layers[i]!.padEnd(widths[1]));
    const name = `${display(path)}${object.kind === "directory" ? "/" : ""}`;
    const by = hiding ? `  ${paint.faint(`[hidden by ${CAUSES[hiding.cause]} of ${layerName(hiding.by.layer)}]`)}` : "";
    return `${sizes[i]!.padStart(widths[0])}  ${layer}  ${name}${by}`;
  });
}

export function shadowedJson({ path, object, hiding, bytes }: ShadowedObject): object {
  const by = hiding ? { by: hiding.cause, byLayer: layerName(hiding.by.layer) } : {};
  return { ...jsonName("path", path), type: typeName(object), layer: layerName(object.layer), bytes, ...by };
}
