/**
 * Random stacks for lookups: those of the differential test, with the marks that lead a lookup elsewhere strewn over
 * them, also where no mount would ever write them.
 */
import { randomStack, withoutHardLinks } from "../differential/stack.js";
import { file, type LayerNode } from "../harness/layers.js";
import type { Stack } from "../harness/overlay-fixture.js";
import type { Sequence } from "../harness/sequence.js";

const NAMES = ["a", "b", "c", "d", "caf\xe9", "new\nline"] as const;
const REDIRECTS = ["a", "b", "d", "/a", "/b/c", "/a/b/d", "/d", "b/c", "/first", "/below/second"] as const;

/** The options that decide what a lookup follows. */
export const OPTION_SETS: readonly (readonly string[])[] = [
  [], ["redirect_dir=on"], ["redirect_dir=nofollow"], ["metacopy=on", "redirect_dir=on"], ["metacopy=on", "redirect_dir=on", "data"], ["userxattr"],
  ["whiteouts=oci"],
];

/** Marks of OCI layers, and names that look like them. */
const OCI_NAMES = [".wh.a", ".wh.b", ".wh.d", ".wh..wh..opq", ".wh..wh.plnk"] as const;

/** A stack, with the options of `set`; `data` there stands for data-only layers. */
export function randomLayers(chance: Sequence, set: readonly string[]): Stack {
  const prefix = set.includes("userxattr") ? "user.overlay." : "trusted.overlay.";
  const isOci = set.includes("whiteouts=oci");
  const { lowers, upper, dataOnly } = withoutHardLinks(randomStack(chance, { names: NAMES, prefix, dataOnly: set.includes("data") }));
  const marked = (layer: LayerNode): LayerNode => isOci ? ociMarked(layer, chance) : mark(layer, chance, prefix);
  return {
    lowers: [...lowers.map(marked), ...dataOnly], dataLayers: dataOnly.length, upper: marked(upper),
    options: set.filter((option) => option !== "data" && option !== "whiteouts=oci"),
    ownOptions: isOci ? ["whiteouts=oci"] : [],
  };
}

/** Some directories get marks of OCI layers. */
function ociMarked(node: LayerNode, chance: Sequence): LayerNode {
  if (node.kind !== "directory") return node;
  const children = Object.fromEntries(Object.entries(node.children).map(([name, child]) => [name, ociMarked(child, chance)]));
  const marks = OCI_NAMES.filter(() => chance.below(6) === 0).map((name) => [name, file("")] as const);
  const marked = { ...node, children: { ...children, ...Object.fromEntries(marks) } };
  return chance.below(12) === 0 ? withXattrs(marked, { "user.fuseoverlayfs.opaque": "y" }) : marked;
}

/** Some directories get a redirect, some files are metacopies. */
function mark(node: LayerNode, chance: Sequence, prefix: string): LayerNode {
  if (node.kind === "directory") {
    const children = Object.fromEntries(Object.entries(node.children).map(([name, child]) => [name, mark(child, chance, prefix)]));
    return chance.below(6) === 0 ? withXattrs({ ...node, children }, { [`${prefix}redirect`]: chance.pick(REDIRECTS) }) : { ...node, children };
  }
  if (node.kind !== "file" || node.size === 0 || chance.below(5) > 0) return node;
  const redirect = chance.below(2) === 0 ? { [`${prefix}redirect`]: chance.pick(REDIRECTS) } : {};
  return withXattrs(node, { [`${prefix}metacopy`]: "", ...redirect });
}

function withXattrs(node: LayerNode, xattrs: Readonly<Record<string, string>>): LayerNode {
  return { ...node, attributes: { ...node.attributes, xattrs: { ...xattrs, ...node.attributes.xattrs } } };
}
