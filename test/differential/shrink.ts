/**
 * Makes a failing case small: calls and entries of layers are left out as long as the run still ends in the same
 * kind of difference (ddmin, after Zeller and Hildebrandt), then what is left is made plainer.
 */
import type { Case } from "./case.js";
import type { Difference } from "./half.js";
import type { LayerNode } from "../harness/layers.js";
import type { LayerStack } from "./stack.js";

/** Runs a case; a run that can't be made counts as one without a difference. */
export type Attempt = (one: Case) => Promise<Difference | null>;

export interface Shrunk {
  readonly one: Case;
  readonly difference: Difference;
}

/** At most this many runs. */
const BUDGET = 600;

export async function shrink(one: Case, difference: Difference, attempt: Attempt): Promise<Shrunk> {
  return new Shrinker(one, difference, attempt).run();
}

class Shrinker {
  #left = BUDGET;

  constructor(private best: Case, private difference: Difference, private readonly attempt: Attempt) {}

  async run(): Promise<Shrunk> {
    if (this.difference.index !== undefined) await this.#better({ ...this.best, calls: this.best.calls.slice(0, this.difference.index + 1) });
    if (this.best.before !== null) await this.#better({ ...this.best, before: null });
    for (let size = -1; size !== weight(this.best) && this.#left > 0;) {
      size = weight(this.best);
      await this.#fewerCalls();
      await this.#fewerCallsBefore();
      await this.#smallerStack();
      await this.#plainerCalls();
    }
    return { one: this.best, difference: this.difference };
  }

  /** Takes `one` if it still fails in the same way. */
  async #better(one: Case): Promise<boolean> {
    if (this.#left-- <= 0) return false;
    const difference = await this.attempt(one);
    if (difference === null || kind(difference) !== kind(this.difference)) return false;
    this.best = one;
    this.difference = difference;
    return true;
  }

  async #fewerCalls(): Promise<void> {
    await this.#fewer(() => this.best.calls, (calls) => ({ ...this.best, calls }));
  }

  async #fewerCallsBefore(): Promise<void> {
    if (this.best.before === null) return;
    await this.#fewer(() => this.best.before!.calls, (calls) => ({ ...this.best, before: { ...this.best.before!, calls } }));
  }

  /** Leaves out runs of elements, long ones first. */
  async #fewer<T>(list: () => readonly T[], rebuilt: (list: readonly T[]) => Case): Promise<void> {
    for (let size = Math.max(1, list().length >> 1); ; size >>= 1) {
      for (let end = list().length; end > 0; end -= size) {
        const from = Math.max(0, end - size);
        await this.#better(rebuilt([...list().slice(0, from), ...list().slice(end)]));
      }
      if (size <= 1) return;
    }
  }

  async #smallerStack(): Promise<void> {
    for (let index = this.best.stack.lowers.length - 1; index >= 0 && this.best.stack.lowers.length > 1; index--) {
      await this.#better({ ...this.best, stack: { ...this.best.stack, lowers: this.best.stack.lowers.filter((_, at) => at !== index) } });
    }
    for (let layer = -1; layer < this.best.stack.lowers.length; layer++) {
      for (let changed = true; changed;) {
        changed = false;
        for (const smaller of smallerNodes(layerOf(this.best.stack, layer))) {
          if (await this.#better({ ...this.best, stack: withLayer(this.best.stack, layer, smaller) })) {
            changed = true;
            break;
          }
        }
      }
    }
  }

  async #plainerCalls(): Promise<void> {
    for (let index = 0; index < this.best.calls.length; index++) {
      const { name, arguments: values, keep, user, umask } = this.best.calls[index]!;
      const kept = keep === undefined ? {} : { keep };
      const put = (call: Case["calls"][number]): Case => ({ ...this.best, calls: this.best.calls.map((old, at) => (at === index ? call : old)) });
      if (user !== undefined) await this.#better(put({ name, arguments: values, ...kept, ...(umask === undefined ? {} : { umask }) }));
      if (umask !== undefined) await this.#better(put({ name, arguments: values, ...kept, ...(user === undefined ? {} : { user }) }));
    }
  }
}

/** What must stay the same while shrinking. */
function kind({ stage, call, lines }: Difference): string {
  if (stage !== "call") return `${stage} ${lines[0]!.replace(/^.*?: (\w+ ?\w*).*$/s, "$1")}`;
  if (call!.name === "list") return `list ${lines.map((line) => /^\w+: *E\w+$/.test(line)).join(" ")} ${Math.sign(lines[0]!.length - (lines[1] ?? "").length)}`;
  return `${call!.name} ${lines.map((line) => line.replace(/[0-9"\\].*$/s, "")).join(" / ")}`;
}

function layerOf(stack: LayerStack, index: number): LayerNode { return index < 0 ? stack.upper : stack.lowers[index]!; }

function withLayer(stack: LayerStack, index: number, layer: LayerNode): LayerStack {
  return index < 0 ? { ...stack, upper: layer } : { ...stack, lowers: stack.lowers.map((old, at) => (at === index ? layer : old)) };
}

/** Each way to take one thing away from a layer, the largest first. */
function* smallerNodes(node: LayerNode): Generator<LayerNode> {
  if (node.kind === "directory") {
    const entries = Object.entries(node.children);
    for (const [name] of entries) yield { ...node, children: Object.fromEntries(entries.filter(([other]) => other !== name)) };
    for (const [name, child] of entries) {
      for (const smaller of smallerNodes(child)) yield { ...node, children: { ...node.children, [name]: smaller } };
    }
  }
  if (node.kind === "file" && node.size > 10) yield { ...node, pieces: [{ at: 0, content: "text" }], size: 4 };
  for (const field of Object.keys(node.attributes) as (keyof typeof node.attributes)[]) {
    if (field !== "xattrs") yield { ...node, attributes: Object.fromEntries(Object.entries(node.attributes).filter(([name]) => name !== field)) };
  }
  for (const attribute of Object.keys(node.attributes.xattrs ?? {})) {
    const xattrs = Object.fromEntries(Object.entries(node.attributes.xattrs!).filter(([name]) => name !== attribute));
    yield { ...node, attributes: { ...node.attributes, xattrs } };
  }
}

function weight(one: Case): number {
  return one.calls.length + (one.before?.calls.length ?? 0) + [one.stack.upper, ...one.stack.lowers].map(nodeWeight).reduce((sum, next) => sum + next, 0)
    + one.calls.filter((call) => call.user !== undefined).length + one.calls.filter((call) => call.umask !== undefined).length;
}

function nodeWeight(node: LayerNode): number {
  const own = 1 + Object.keys(node.attributes).length + Object.keys(node.attributes.xattrs ?? {}).length + (node.kind === "file" && node.size > 10 ? 1 : 0);
  return node.kind === "directory" ? Object.values(node.children).reduce((sum, child) => sum + nodeWeight(child), own) : own;
}
