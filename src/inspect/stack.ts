/**
 * The layers of an overlay, opened for looking at them: each for reading only, as root through a private read-only and
 * noatime copy of its mount, so that not even an access time changes. What is merged from them starts at `root`.
 */
import { DescriptorCache } from "../engine/descriptors.js";
import { lowerLayer, openNamed, type LayerFormat } from "../engine/layer.js";
import { OptionError } from "../engine/options.js";
import type { LayerName } from "../engine/provenance.js";
import { ITSELF, type RealDirectory } from "../engine/real.js";
import { TRUSTED, USER } from "../engine/xattr-names.js";
import { display, type Bytes } from "../sys/bytes.js";
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import { mayUseTrusted } from "../sys/trusted-xattrs.js";
import { openIndexPlace } from "./indexed.js";
import { InspectError } from "./inspect-error.js";
import { MergedDirectory } from "./merged-directory.js";
import { rulesOf, type LookupRules, type OverlaySpec } from "./spec.js";

export interface StackLayer extends LayerName {
  /** Its place among all layers, the topmost being 0. */
  readonly index: number;
  readonly root: RealDirectory;
  /** Of its root. */
  readonly stat: Stat;
}

export { layerWords as layerName } from "../engine/provenance.js";

const KEPT_DESCRIPTORS = 512;

export class Stack {
  /** The upper if there is one, the lowers, the data-only layers. */
  readonly layers: readonly StackLayer[];
  readonly lowers: readonly StackLayer[];
  readonly dataLayers: readonly StackLayer[];
  readonly rules: LookupRules;
  /** `dev:ino` of each layer's root: a directory of a layer that is one is not walked into. */
  readonly layerRoots: ReadonlySet<string>;
  readonly #cache: DescriptorCache;

  private constructor(
    readonly spec: OverlaySpec, rules: LookupRules, cache: DescriptorCache, layers: readonly StackLayer[],
    /** Where the copies of hard links are found by their lower; null where the overlay has no index. */
    readonly indexPlace: StackLayer | null, layerRoots?: ReadonlySet<string>,
  ) {
    this.rules = rules;
    this.#cache = cache;
    this.layers = layers;
    this.lowers = layers.filter((layer) => layer.kind === "lower");
    this.dataLayers = layers.filter((layer) => layer.kind === "data");
    this.layerRoots = layerRoots ?? new Set(layers.map(({ stat }) => `${stat.dev}:${stat.ino}`));
  }

  /** Opens the layers; throws InspectError where one cannot be. */
  static open(spec: OverlaySpec): Stack {
    const rules = rulesOf(spec.options);
    refuseUnseenMarks(spec, rules);
    const cache = new DescriptorCache(Math.min(KEPT_DESCRIPTORS, Math.floor(native.raiseFileLimit() / 2)));
    const wanted: LayerName[] = [
      ...(spec.upper === null ? [] : [{ kind: "upper", number: 0, path: spec.upper } as const]),
      ...spec.lower.map((path, i) => ({ kind: "lower", number: i + 1, path } as const)),
      ...spec.dataOnly.map((path, i) => ({ kind: "data", number: i + 1, path } as const)),
    ];
    const layers: StackLayer[] = [];
    try {
      for (const name of wanted) layers.push(openLayer(spec, rules, cache, { ...name, index: layers.length }));
    } catch (error) {
      for (const { root } of layers) root.close();
      throw error;
    }
    return new Stack(spec, rules, cache, layers, openIndexPlace(spec, cache, formatOf(rules)));
  }

  /**
   * The layers from `index` on as a stack of their own, numbered anew: what the overlay would be without those above.
   * They stay the same open layers, told by their roots; only this stack is closed.
   */
  from(index: number): Stack {
    const skipped = this.layers.slice(0, index).filter(({ kind }) => kind === "lower").length;
    const layers = this.layers.slice(index).map((layer, i): StackLayer => ({
      ...layer, index: i, number: layer.kind === "lower" ? layer.number - skipped : layer.number,
    }));
    return new Stack(this.spec, this.rules, this.#cache, layers, index === 0 ? this.indexPlace : null, this.layerRoots);
  }

  /** The root of the merged tree. */
  root(): MergedDirectory {
    return MergedDirectory.root(this);
  }

  /** Closes descriptors that are too many; called between two lookups. */
  trim(): void {
    this.#cache.trim();
  }

  close(): void {
    this.#cache.closeAll();
    for (const { root } of this.layers) root.close();
    this.indexPlace?.root.close();
  }
}

function formatOf({ userxattr, ociMarks }: LookupRules): LayerFormat {
  return { xattrs: userxattr ? USER : TRUSTED, hasOciMarks: ociMarks };
}

/** Marks that this user can't read would be passed over in silence, and the answer be wrong. */
function refuseUnseenMarks({ source, merged }: OverlaySpec, { userxattr }: LookupRules): void {
  if (source !== "kernel" || userxattr || mayUseTrusted()) return;
  throw new InspectError(`the marks of the overlay at '${display(merged ?? "" as Bytes)}' are trusted.* xattrs, which only root can read; look at it as root`);
}

function openLayer(
  spec: OverlaySpec, rules: LookupRules, cache: DescriptorCache, layer: Omit<StackLayer, "root" | "stat">,
): StackLayer {
  try {
    const opened = openNamed(layer.kind === "upper" ? "upper" : layer.kind === "lower" ? "lower layer" : "data-only layer", layer.path);
    // Nothing is written to the upper either: it is opened like the topmost of the lowers.
    const { root } = lowerLayer(cache, layer.index + 1, opened, formatOf(rules));
    const stat = new Stat();
    native.statx(root.fd(), ITSELF, stat.fields);
    return { ...layer, root, stat };
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw new InspectError(spec.merged === null ? error.message : `${error.message} (a layer of the overlay at '${display(spec.merged)}')`);
  }
}
