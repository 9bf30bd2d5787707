/**
 * The lookup of one name of a merged directory, told step by step. It follows the rules of the kernel's (and the merge
 * engine's) own walk down the layers and keeps each piece of evidence on the way; then it says what the layers have
 * that were not asked, and what hides that.
 * Source: ovl_lookup, ovl_lookup_single and ovl_lookup_layer in fs/overlayfs/namei.c; src/engine/lookup.ts.
 */
import { isMarkName, markOf } from "../engine/oci.js";
import type { RealDirectory } from "../engine/real.js";
import { concat, type Bytes } from "../sys/bytes.js";
import { E, fail, isErrno, type Errno } from "../sys/errno.js";
import { S_IFREG } from "../sys/stat.js";
import { readEvidence, type Evidence, type RedirectMark } from "./evidence.js";
import { findIndexed } from "./indexed.js";
import { findLowerData } from "./lower-data.js";
import type { MergedDirectory, Part } from "./merged-directory.js";
import type { Stack, StackLayer } from "./stack.js";
import { isObject, type Answer, type DirectoryStep, type FileStep, type Hiding, type ObjectStep, type Refusal, type Step, type Use } from "./steps.js";

/** What a lookup found out: the steps in the order in which they were made, the layers not asked last. */
export interface Told {
  readonly answer: Answer;
  readonly steps: readonly Step[];
}

/** A directory of a layer to look in. */
export type Base = Pick<Part, "layer" | "directory" | "path">;

interface Refused {
  readonly kind: "refused";
  readonly error: Errno;
  readonly reason: Refusal;
}

type Met = DirectoryStep | FileStep | null | Refused;

/** Looks a name up. `has` says which parts of the parent have the name, where that is known from listing them. */
export function lookUp(stack: Stack, parent: MergedDirectory, name: Bytes, has: ((part: Part) => boolean) | null): Told {
  return new Search(stack, parent, name, has).run();
}

class Search {
  readonly #steps: Step[] = [];
  /** Parts of the parent that were asked for the name itself. */
  readonly #asked = new Set<Base>();
  /** The path from the root of each layer, after an absolute redirect. */
  #path: readonly Bytes[] | null = null;
  #name: Bytes;
  #isDirectory = false;
  /** Set when the layers below have nothing to add. */
  #stop: Hiding | null = null;
  #last = false;
  #metacopy = 0;
  #absolute = false;
  /** The object whose redirect is in force. */
  #redirect: ObjectStep | null = null;
  #provider: DirectoryStep | FileStep | null = null;
  /** Files met below the provider or the provider itself: of a chain of metacopies the last has the data. */
  #files = 0;
  #data: FileStep | null = null;

  constructor(
    private readonly stack: Stack, private readonly parent: MergedDirectory, private readonly name: Bytes,
    private readonly has: ((part: Part) => boolean) | null,
  ) {
    this.#name = name;
  }

  run(): Told {
    // Names of marks are no names of the merged tree.
    if (this.stack.rules.ociMarks && isMarkName(this.name)) return { answer: { kind: "missing", by: null }, steps: [] };
    const answer = this.#indexed(this.#search());
    this.#lookBehind(answer);
    return { answer, steps: this.#steps };
  }

  /** A lower file of which the index has a copy is that copy. */
  #indexed(answer: Answer): Answer {
    const place = this.stack.indexPlace;
    if (!place || answer.kind !== "found" || answer.provider.kind !== "file" || answer.provider.layer.kind === "upper") return answer;
    const lower = answer.provider;
    const copy = findIndexed(place, this.stack.spec.options, lower);
    if (!copy) return answer;
    const isData = copy.metacopy > 0 && answer.data === lower;
    const step: FileStep = isData ? { ...lower, use: "data" } : { ...lower, use: "hidden", hiding: { cause: "index", by: copy } };
    this.#steps.splice(this.#steps.indexOf(lower), 1, copy, step);
    return { kind: "found", provider: copy, data: copy.metacopy === 0 ? copy : isData ? step : answer.data };
  }

  #search(): Answer {
    const visible = this.parent.parts.filter((part) => part.hiding === null);
    const upper = visible[0]?.layer.kind === "upper" ? visible[0] : null;
    const lowers: readonly Base[] = upper ? visible.slice(1) : visible;
    let upperIsMetacopy = false;
    if (upper) {
      this.#last = !this.#readsRedirects() && lowers.length === 0;
      const met = this.#ask(upper);
      if (met?.kind === "refused") return met;
      if (!met && this.#stop) return { kind: "missing", by: this.#stop };
      if (met) this.#keep(met);
      upperIsMetacopy = this.#metacopy > 0;
    }
    return this.#askLowers(lowers) ?? this.#conclude(upperIsMetacopy);
  }

  /** Null once all layers are asked that have to be. */
  #askLowers(lowers: readonly Base[]): Refused | null {
    const roots = this.stack.lowers.map((layer): Base => ({ layer, directory: layer.root, path: "" as Bytes }));
    let bases = this.#path ? roots : lowers;
    for (let i = 0; !this.#stop && i < bases.length; i++) {
      const base = bases[i]!;
      const refused = this.#refuses();
      if (refused) return refused;
      this.#last = this.#isLast(bases, i);
      const met = this.#ask(base);
      if (met?.kind === "refused") return met;
      if (met) this.#keep(met);
      if (this.#path && bases !== roots) {
        bases = roots;
        i = base.layer.number - 1;
      }
    }
    return null;
  }

  #isLast(bases: readonly Base[], i: number): boolean {
    if (!this.#readsRedirects()) return i === bases.length - 1;
    return (this.#isDirectory || this.stack.dataLayers.length === 0) && bases[i]!.layer.number === this.stack.lowers.length;
  }

  #readsRedirects(): boolean {
    return this.stack.rules.followsRedirects || this.stack.dataLayers.length > 0;
  }

  /** What may not be followed with the options in force. */
  #refuses(): Refused | null {
    if (this.#metacopy > 0 && !this.stack.rules.metacopy) return refused(fail(E.EPERM), "metacopy");
    if (this.#redirect && !this.stack.rules.followsRedirects) return refused(fail(E.EPERM), "redirect");
    return null;
  }

  #keep(met: DirectoryStep | FileStep): void {
    this.#provider ??= met;
    if (met.kind !== "file") return;
    this.#files++;
    if (met.metacopy === 0) this.#data = met;
  }

  #conclude(upperIsMetacopy: boolean): Answer {
    const provider = this.#provider;
    if (!provider) return { kind: "missing", by: this.#stop };
    if (provider.kind === "directory") return this.#refusesRedirect() ?? { kind: "found", provider, data: null };
    const lowerFiles = this.#files - (provider.layer.kind === "upper" ? 1 : 0);
    const path = this.#path;
    if (path && this.#metacopy > 0 && lowerFiles > 0 && this.stack.dataLayers.length > 0 && this.#absolute) {
      return { kind: "found", provider, data: findLowerData(this.stack, path, this.#steps) };
    }
    const refusal = this.#refuses();
    if (refusal) return refusal;
    if (this.#metacopy > 0 || (upperIsMetacopy && lowerFiles === 0)) return refused(fail(E.EIO), "no-data");
    return { kind: "found", provider, data: this.#data };
  }

  #refusesRedirect(): Refused | null {
    return this.#redirect && !this.stack.rules.followsRedirects ? refused(fail(E.EPERM), "redirect") : null;
  }

  /** Asks one layer. */
  #ask(base: Base): Met {
    if (!this.#path) {
      this.#asked.add(base);
      if (this.#name === this.name && this.has?.(base as Part) === false) return null;
      return this.#step(base.layer, base.directory, base.path, { name: this.#name, at: 0, isEnd: true });
    }
    let { directory, path } = base;
    for (let rest = this.#path.length; rest > 0; rest--) {
      const at = this.#path.length - rest;
      const name: Bytes = this.#path[at]!;
      const met = this.#step(base.layer, directory, path, { name, at, isEnd: rest === 1 });
      if (rest === 1 || met?.kind !== "directory") return met;
      directory = directory.child(name);
      path = met.path;
    }
    return null;
  }

  /** Looks at one name of one real directory; `at` is its place in the path, `isEnd` whether it is the last. */
  #step(layer: StackLayer, directory: RealDirectory, parentPath: Bytes, { name, at, isEnd }: Element): Met {
    const path = concat(parentPath, "/" as Bytes, name);
    const evidence = readEvidence(directory, name);
    if (evidence === null) {
      this.#steps.push({ kind: "nothing", layer, path });
      return null;
    }
    if (isErrno(evidence)) {
      this.#steps.push({ kind: "failed", layer, path, error: evidence });
      return refused(evidence, "unreadable");
    }
    const step = (use: Use, hiding: Hiding | null = null): ObjectStep => this.#push(toStep({ layer, path, directory, name }, evidence, use, hiding));
    if (evidence.kind === "whiteout") {
      this.#stop = { cause: "whiteout", by: step("ends") };
      return null;
    }
    if (isEnd && this.#metacopy > 0 && evidence.stat.type !== S_IFREG) {
      const object = step("hidden", { cause: "metacopy", by: this.#provider! });
      this.#stop = { cause: "file", by: object };
      return null;
    }
    if (evidence.kind === "directory") return this.#enter(step(isEnd ? this.#useOfDirectory() : "passes") as DirectoryStep, evidence.redirect, at, isEnd);
    if (this.#isDirectory || !isEnd) {
      const object = step("hidden", this.#provider && isEnd ? { cause: "directory", by: this.#provider } : null);
      this.#stop = { cause: "file", by: object };
      return null;
    }
    return this.#meetFile(evidence, step, at);
  }

  #useOfDirectory(): Use {
    return this.#provider ? "merges" : "provides";
  }

  #meetFile(evidence: Evidence & { kind: "file" }, step: (use: Use) => ObjectStep, at: number): Met {
    const use = !this.#provider ? "provides" : evidence.metacopy === 0 ? "data" : "passes";
    const file = step(use) as FileStep;
    if (isErrno(evidence.metacopy)) return refused(evidence.metacopy, "malformed-metacopy");
    this.#metacopy = evidence.metacopy;
    this.#stop = evidence.metacopy === 0 ? { cause: "file", by: file } : null;
    return evidence.metacopy === 0 || this.#last ? file : this.#follow(file, evidence.redirect, at);
  }

  #enter(directory: DirectoryStep, redirect: RedirectMark | Errno | null, at: number, isEnd: boolean): Met {
    if (this.stack.layerRoots.has(`${directory.stat.dev}:${directory.stat.ino}`)) return refused(fail(E.ELOOP), "loop");
    if (isEnd) this.#isDirectory = true;
    if (this.#last) return directory;
    if (directory.opaque === "y") {
      this.#stop = { cause: "opaque", by: directory };
      return directory;
    }
    return this.#follow(directory, redirect, at);
  }

  /** Takes the redirect of an object on the way, which is the element `at` of the path. */
  #follow(object: DirectoryStep | FileStep, redirect: RedirectMark | Errno | null, at: number): Met {
    this.#absolute = false;
    if (redirect === null) return object;
    if (isErrno(redirect)) return refused(redirect, "malformed-redirect");
    const rest = this.#path ? this.#path.slice(at + 1) : [];
    if (redirect.path) {
      this.#absolute = true;
      // A directory above may have been opaque: the path leads elsewhere.
      this.#stop = null;
      this.#path = [...redirect.path, ...rest];
    } else if (this.#path) {
      this.#path = [...this.#path.slice(0, at), redirect.name, ...rest];
    }
    this.#name = this.#path ? this.#path.at(-1)! : redirect.name;
    this.#redirect = object;
    return object;
  }

  /** Notes what the layers that were not asked, or asked for another name, have under the name. */
  #lookBehind(answer: Answer): void {
    const seen = new Set(this.#steps.filter(isObject).filter(({ use }) => use !== "passes").map(identity));
    const ending = answer.kind === "refused" ? this.#refusing() : this.#stop;
    for (const part of this.parent.parts) {
      if (this.#asked.has(part) || this.has?.(part) === false) continue;
      const evidence = readEvidence(part.directory, this.name);
      if (evidence === null || isErrno(evidence)) continue;
      const isBelowRedirect = this.#redirect !== null && part.layer.index > this.#redirect.layer.index;
      const hiding = part.hiding ?? (isBelowRedirect ? { cause: "redirect", by: this.#redirect! } as const : ending);
      const at = { layer: part.layer, path: concat(part.path, "/" as Bytes, this.name), directory: part.directory, name: this.name };
      const step = toStep(at, evidence, "hidden", hiding);
      if (!seen.has(identity(step))) this.#steps.push(step);
    }
  }

  #refusing(): Hiding | null {
    const by = this.#steps.findLast(isObject);
    return by ? { cause: "refusal", by } : null;
  }

  #push<T extends Step>(step: T): T {
    this.#steps.push(step);
    return step;
  }
}

interface Element {
  readonly name: Bytes;
  readonly at: number;
  readonly isEnd: boolean;
}

type Place = Pick<ObjectStep, "layer" | "path" | "directory" | "name">;

function toStep(place: Place, evidence: Evidence, use: Use, hiding: Hiding | null): ObjectStep {
  const met = { ...place, stat: evidence.stat, use, hiding };
  if (evidence.kind === "whiteout") {
    const { mark } = evidence;
    return mark === "oci" ? { ...met, ...ociMarkOf(place), kind: "whiteout", mark } : { ...met, kind: "whiteout", mark };
  }
  const redirect = evidence.redirect === null || isErrno(evidence.redirect) ? null : evidence.redirect.text;
  if (evidence.kind === "directory") return { ...met, kind: "directory", opaque: evidence.opaque, ociOpaque: evidence.ociOpaque, redirect };
  return { ...met, kind: "file", metacopy: isErrno(evidence.metacopy) ? 0 : evidence.metacopy, redirect };
}

/** The file that is the whiteout of a name. */
function ociMarkOf({ path, name }: Place): Pick<Place, "path" | "name"> {
  const mark = markOf(name);
  return { path: concat(path.slice(0, path.length - name.length) as Bytes, mark), name: mark };
}

function refused(error: Errno, reason: Refusal): Refused {
  return { kind: "refused", error, reason };
}

function identity({ layer, stat }: ObjectStep): string {
  return `${layer.index}:${stat.dev}:${stat.ino}`;
}
