/**
 * Item 17, "setuid and a capability on one file": a seed has either setuid and setgid files or files with
 * capabilities, because what the kernel sends to FUSE when such a file is written to is also what chown(2) sends.
 */
import type { Call } from "./call.js";
import type { LayerStack } from "./stack.js";
import type { LayerNode, NodeAttributes } from "../harness/layers.js";
import { S_IFMT } from "../../src/sys/stat.js";

export type Kind = "setuid" | "capabilities";

const CAPABILITY = "security.capability";
/** Where the mode is among the arguments of a call. */
const MODE_AT: Readonly<Record<string, number | undefined>> = { openat: 3, mknodat: 2, fchmodat: 2 };

export function stackOfKind({ lowers, upper, dataOnly }: LayerStack, kind: Kind): LayerStack {
  return { lowers: lowers.map((layer) => nodeOfKind(layer, kind)), upper: nodeOfKind(upper, kind), dataOnly };
}

function nodeOfKind(node: LayerNode, kind: Kind): LayerNode {
  if (node.kind === "directory") {
    return { ...node, children: Object.fromEntries(Object.entries(node.children).map(([name, child]) => [name, nodeOfKind(child, kind)])) };
  }
  return { ...node, attributes: attributesOfKind(node.attributes, kind) };
}

function attributesOfKind(attributes: NodeAttributes, kind: Kind): NodeAttributes {
  if (kind === "capabilities") return attributes.mode === undefined ? attributes : { ...attributes, mode: attributes.mode & 0o1777 };
  if (attributes.xattrs?.[CAPABILITY] === undefined) return attributes;
  return { ...attributes, xattrs: Object.fromEntries(Object.entries(attributes.xattrs).filter(([name]) => name !== CAPABILITY)) };
}

export function callOfKind(call: Call, kind: Kind): Call {
  const at = kind === "capabilities" ? MODE_AT[call.name] : undefined;
  return { ...call, arguments: call.arguments.map((argument, index) => {
    if (index === at && typeof argument === "number") return argument & (S_IFMT | 0o1777);
    return kind === "setuid" && typeof argument === "object" && "text" in argument && argument.text === CAPABILITY ? { text: "security.z" } : argument;
  }) };
}
