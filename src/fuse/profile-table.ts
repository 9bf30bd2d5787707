/** A profile in words: what the mount spent as a whole, a table of the kinds of request, and data and notifications. */
import { operationName } from "./dispatch.js";
import type { Kind, Profile } from "./profile.js";
import type { Times } from "./times.js";

/** A column: its heading, and its cell in the row of a kind. */
type Column = readonly [heading: string, cell: (kind: Kind) => string];

const whole = (count: number): string => count.toFixed(0);
const one = (value: number): string => value.toFixed(1);
const milliseconds = (microseconds: number): string => one(microseconds / 1000);
const ifAny = (times: Times, text: string): string => times.count === 0 ? "" : text;

const columns: readonly Column[] = [
  ["request", ({ opcode }) => operationName(opcode)],
  ["count", ({ requests }) => whole(requests)],
  ["errors", ({ errors }) => errors === 0 ? "" : whole(errors)],
  ["total ms", ({ served }) => milliseconds(served.total)],
  ["mean us", ({ served }) => one(served.mean)],
  ["p50 us", ({ served }) => one(served.percentile(0.5))],
  ["p99 us", ({ served }) => one(served.percentile(0.99))],
  ["max us", ({ served }) => one(served.max)],
  ["waited", ({ waited }) => ifAny(waited, whole(waited.count))],
  ["mean ms", ({ waited }) => ifAny(waited, milliseconds(waited.mean))],
  ["p99 ms", ({ waited }) => ifAny(waited, milliseconds(waited.percentile(0.99)))],
  ["max ms", ({ waited }) => ifAny(waited, milliseconds(waited.max))],
];

/** The lines of the table. */
export function profileTable(profile: Profile): string[] {
  const kinds = profile.kinds();
  const cells = columns.map(([heading, cell]) => [heading, ...kinds.map(cell)]);
  const widths = cells.map((column) => Math.max(...column.map((text) => text.length)));
  const row = (index: number): string => cells.map((column, at) => {
    const text = column[index]!;
    return at === 0 ? text.padEnd(widths[at]!) : text.padStart(widths[at]!);
  }).join("  ").trimEnd();
  return [summary(profile, kinds), row(0), ...kinds.map((_, index) => row(index + 1)), totals(profile)];
}

function summary({ duration, cpu, waiting }: Profile, kinds: readonly Kind[]): string {
  const requests = kinds.reduce((sum, kind) => sum + kind.requests, 0);
  const served = kinds.reduce((sum, kind) => sum + kind.served.total, 0);
  const wait = waiting === 0 ? "" : `, ${waiting} of them still waiting`;
  return `${(duration / 1000).toFixed(3)} s: ${requests} requests${wait}, ${milliseconds(served)} ms of serving, `
    + `${milliseconds(cpu.user)} ms of user and ${milliseconds(cpu.system)} ms of system time`;
}

function totals({ bytesRead, bytesWritten, notifications: { attributes, data, listings, names } }: Profile): string {
  return `${bytesRead} bytes read, ${bytesWritten} bytes written; notifications: ${attributes} of attributes, ${data} of data, ${listings} of listings, ${names} of names`;
}
