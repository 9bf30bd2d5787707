/** What commands use of `src/inspect`: an overlay is found, its layers opened, and its lookups told. */
export { directoriesSpec, type NamedLayers } from "./directories.js";
export { findOverlay, type FoundOverlay } from "./find.js";
export { graphDriver } from "./graph-driver.js";
export { InspectError } from "./inspect-error.js";
export { byBytes, Entry, MergedDirectory, type Part } from "./merged-directory.js";
export { resolve, type Hop, type Resolution } from "./resolve.js";
export type { OverlaySpec, SpecSource } from "./spec.js";
export { layerName, Stack, type StackLayer } from "./stack.js";
export type * from "./steps.js";
export { decide, type Fact } from "./decision.js";
export { entryResult, explainJson, explainText, layerLines, type LayerLine } from "./explain.js";
export { isThere, whichJson, whichText } from "./which.js";
export type { Json } from "./json.js";
