/**
 * Random layer stacks: one to five lowers and an upper that may be filled, of everything that a layer can hold.
 * A layer is a description, so that both sides build it alike.
 */
import { device, dir, fifo, hardLink, opaque, socket, sparse, symlink, whiteout, file, type LayerNode, type LayerTree, type NodeAttributes } from "../harness/layers.js";
import type { Sequence } from "../harness/sequence.js";
import { aclValue, capabilityValue, type AclEntry } from "../harness/xattrs.js";

export interface LayerStack {
  /** Topmost first. */
  readonly lowers: readonly LayerNode[];
  readonly upper: LayerNode;
  /** Layers behind the others that are not merged. */
  readonly dataOnly: readonly LayerNode[];
}

/** What a stack is made of. */
export interface Recipe {
  readonly names: readonly string[];
  /** `trusted.overlay.` or `user.overlay.`. */
  readonly prefix: string;
  /** Some files are metacopies whose data is in a data-only layer. */
  readonly dataOnly: boolean;
}

const FILE_MODES = [0o644, 0o644, 0o644, 0o600, 0o666, 0o755, 0o4755, 0o2755, 0o2644, 0o444, 0] as const;
const DIRECTORY_MODES = [0o755, 0o755, 0o755, 0o777, 0o1777, 0o2775, 0o2777, 0o700, 0o555, 0o3777] as const;
const OWNERS = [0, 0, 1001, 1002] as const;
const DEPTH = 3;

const DATA_SIZE = 6000;
const DATA_LAYERS = [dir({ first: file("1".repeat(DATA_SIZE)) }), dir({ first: file("hidden"), below: dir({ second: file("2".repeat(DATA_SIZE)) }) })];
const DATA_PATHS = ["/first", "/first", "/below/second"] as const;

export function randomStack(chance: Sequence, recipe: Recipe): LayerStack {
  const lowers = Array.from({ length: 1 + chance.below(5) }, () => new Maker(chance, recipe).layer());
  return { lowers, upper: chance.below(3) === 0 ? new Maker(chance, recipe).layer() : dir(), dataOnly: recipe.dataOnly ? DATA_LAYERS : [] };
}

/** The stack with files in place of hard links, whose link counts tell when one is copied up. */
export function withoutHardLinks({ lowers, upper, dataOnly }: LayerStack): LayerStack {
  return { lowers: lowers.map(unlinked), upper: unlinked(upper), dataOnly };
}

function unlinked(node: LayerNode): LayerNode {
  if (node.kind === "link") return file("no link");
  if (node.kind !== "directory") return node;
  return { ...node, children: Object.fromEntries(Object.entries(node.children).map(([name, child]) => [name, unlinked(child)])) };
}

class Maker {
  /** Paths of regular files of this layer so far, for hard links. */
  readonly #files: string[] = [];

  constructor(private readonly chance: Sequence, private readonly recipe: Recipe) {}

  layer(): LayerNode {
    const attributes = this.chance.below(4) === 0 ? this.#attributes(DIRECTORY_MODES, true) : { mode: 0o777 };
    return dir(this.#children("", DEPTH), attributes);
  }

  #children(path: string, depth: number): LayerTree {
    const names = this.recipe.names.filter(() => this.chance.below(2) === 0);
    return Object.fromEntries(names.map((name) => [name, this.#node(path === "" ? name : `${path}/${name}`, depth)]));
  }

  #node(path: string, depth: number): LayerNode {
    const kind = this.chance.below(100);
    if (kind < 45 && depth > 0) return this.#directory(path, depth);
    if (kind < 75) return this.#file(path);
    if (kind < 81) return symlink(this.chance.pick(["a", "b/c", "../a", ".", "../b/d", "nowhere", "t".repeat(300)]), { ...this.#owner(), ...this.#time() });
    if (kind < 88) return this.#special();
    if (kind < 93 && this.#files.length > 0) return this.#link(path);
    return whiteout();
  }

  /** A path through ".." would be too long for long names: then the sibling of one of them is a file. */
  #link(path: string): LayerNode {
    const target = "../".repeat(path.split("/").length - 1) + this.chance.pick(this.#files);
    return target.length + path.length > 2000 ? file("far") : hardLink(target);
  }

  #directory(path: string, depth: number): LayerNode {
    const attributes = this.#attributes(DIRECTORY_MODES, true);
    const kind = this.chance.below(12);
    if (kind === 0) return this.#withXattrWhiteouts(this.#children(path, depth - 1), attributes);
    const children = this.#children(path, depth - 1);
    if (kind > 2) return dir(children, attributes);
    if (this.recipe.prefix === "trusted.overlay.") return opaque(children, attributes);
    return dir(children, this.#marked(attributes, "opaque", "y"));
  }

  /** A directory marked opaque=x, whose empty marked files are whiteouts. */
  #withXattrWhiteouts(children: LayerTree, attributes: NodeAttributes): LayerNode {
    const name = this.chance.pick(this.recipe.names);
    const marked = file("", this.#marked({}, "whiteout", "y"));
    return dir({ ...children, ...(name in children ? {} : { [name]: marked }) }, this.#marked(attributes, "opaque", "x"));
  }

  #marked(attributes: NodeAttributes, name: string, value: string): NodeAttributes {
    return { ...attributes, xattrs: { ...attributes.xattrs, [this.recipe.prefix + name]: value } };
  }

  #file(path: string): LayerNode {
    this.#files.push(path);
    const attributes = this.#attributes(FILE_MODES, false);
    if (this.recipe.dataOnly && this.chance.below(3) === 0) return this.#metacopy(attributes);
    const text = `${this.chance.below(1000)} `;
    switch (this.chance.below(8)) {
      case 0: return file("", attributes);
      case 1: return file(text.repeat(2000), attributes);
      case 2: return sparse(70_000 + this.chance.below(60_000), [{ at: 8192 * this.chance.below(6), content: text }, { at: 65_536, content: text }], attributes);
      case 3: return sparse(9000, [], attributes);
      default: return file(text.repeat(1 + this.chance.below(5)), attributes);
    }
  }

  #metacopy(attributes: NodeAttributes): LayerNode {
    return sparse(DATA_SIZE, [], this.#marked(this.#marked(attributes, "metacopy", ""), "redirect", this.chance.pick(DATA_PATHS)));
  }

  #special(): LayerNode {
    const attributes = { ...this.#owner(), ...this.#time(), mode: this.chance.pick([0o644, 0o600, 0o666]) };
    switch (this.chance.below(4)) {
      case 0: return fifo(attributes);
      case 1: return socket(attributes);
      case 2: return device("character", 1, 3, attributes);
      default: return device("block", 240, 1, attributes);
    }
  }

  #owner(): NodeAttributes { return { uid: this.chance.pick(OWNERS), gid: this.chance.pick(OWNERS) }; }

  #time(): NodeAttributes { return { mtime: [1_000_000_000 + this.chance.below(100_000_000), this.chance.below(1_000_000_000)] }; }

  #attributes(modes: readonly number[], isDirectory: boolean): NodeAttributes {
    return { ...this.#owner(), ...this.#time(), mode: this.chance.pick(modes), xattrs: this.#xattrs(isDirectory) };
  }

  #xattrs(isDirectory: boolean): Record<string, string | Uint8Array> {
    const xattrs: Record<string, string | Uint8Array> = {};
    if (this.chance.below(4) === 0) xattrs["user.x"] = `value ${this.chance.below(10)}`;
    if (this.chance.below(6) === 0) xattrs["trusted.y"] = "\0\xff";
    if (this.chance.below(12) === 0) xattrs["user.empty"] = "";
    if (this.chance.below(12) === 0) xattrs["security.z"] = "z".repeat(100);
    if (!isDirectory && this.chance.below(14) === 0) xattrs["security.capability"] = capabilityValue();
    if (this.chance.below(10) === 0) xattrs["system.posix_acl_access"] = randomAcl(this.chance);
    if (isDirectory && this.chance.below(8) === 0) xattrs["system.posix_acl_default"] = randomAcl(this.chance);
    return xattrs;
  }
}

/** A valid ACL, often with a named user and a mask. */
export function randomAcl(chance: Sequence): Buffer {
  const named: AclEntry[] = chance.below(3) === 0 ? [] : [{ tag: "user", id: 1001 + chance.below(2), permissions: chance.below(8) }];
  const group: AclEntry[] = chance.below(2) === 0 ? [] : [{ tag: "group", id: 1001, permissions: chance.below(8) }];
  const mask: AclEntry[] = named.length + group.length > 0 || chance.below(2) === 0 ? [{ tag: "mask", permissions: chance.below(8) }] : [];
  return aclValue([
    { tag: "owner", permissions: 4 + chance.below(4) }, ...named, { tag: "group-owner", permissions: chance.below(8) }, ...group, ...mask,
    { tag: "other", permissions: chance.below(8) },
  ]);
}
