/** The package `ovlfs` for programs: overlays without a mount. What is not exported here may change at any time. */
export { Overlay, type FollowOptions, type OverlayOpenOptions, type ReaddirOptions, type SetXattrOptions } from "./library/overlay.js";
export { OverlayFile, type TransferOptions } from "./library/handle.js";
export type { OverlayLayer, OverlayLayerPlace, OverlayProvenance } from "./library/provenance.js";
export { OverlayEntry, OverlayStats, type OverlayStatFs } from "./library/stats.js";
export { OverlayError } from "./library/error.js";
export { OptionError } from "./engine/options.js";
export type { OpenFlags } from "./library/flags.js";
export type { NameEncoding, OverlayPath } from "./library/path.js";
export type { TimeLike } from "./library/times.js";
export type { Log } from "./engine/types.js";
