/** What commands write: names, sizes, colours, branches, the progress line. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { Branches, withLast } from "../../src/cli/output/branches.js";
import { paintFor } from "../../src/cli/output/colours.js";
import { Progress } from "../../src/cli/output/progress.js";
import { humanSize } from "../../src/cli/output/size.js";
import { jsonName } from "../../src/json-name.js";
import { bytes, display, type Bytes } from "../../src/sys/bytes.js";
import { Sequence } from "../harness/sequence.js";

/** A stream that remembers what was written to it. */
function stream(isTTY: boolean): { written: string[]; stream: NodeJS.WriteStream } {
  const written: string[] = [];
  const fake = { isTTY, write: (text: string) => written.push(text) };
  return { written, stream: fake as unknown as NodeJS.WriteStream };
}

describe("names as they are shown", () => {
  it("stay on their line and send the terminal nothing", () => {
    expect(display(bytes("a\nb\x1b[2J\x7f"))).toBe("a\\x0ab\\x1b[2J\\x7f");
    expect(display(bytes("caf\u00e9 \u65e5\u672c"))).toBe("caf\u00e9 \u65e5\u672c");
    expect(display(bytes("\u202etxt.exe"))).toBe("\\xe2\\x80\\xaetxt.exe");
    expect(display("caf\xe9\n" as Bytes)).toBe("caf\\xe9\\x0a");
  });

  it("are whole in JSON, whatever bytes they have", () => {
    expect(jsonName("path", bytes("/caf\u00e9\n"))).toEqual({ path: "/caf\u00e9\n" });
    expect(jsonName("path", "/caf\xe9" as Bytes)).toEqual({ path: "/caf\\xe9", pathBase64: Buffer.from("/caf\xe9", "latin1").toString("base64") });
  });
});

describe("sizes", () => {
  const numfmt = (sizes: readonly number[]): string[] =>
    spawnSync("numfmt", ["--to=iec", "--round=up"], { input: sizes.join("\n"), encoding: "utf8" }).stdout.trim().split("\n");

  it.skipIf(spawnSync("numfmt", ["--version"]).error !== undefined)("are written as numfmt(1) and du -h write them", () => {
    const chance = new Sequence(7);
    const edges = [0, 1, 1023, 1024, 1025, 10_239, 10_240, 10_241, 1_048_575, 1_048_576, 1_048_577, 1_073_741_823];
    const sizes = [...edges, ...Array.from({ length: 200 }, () => chance.below(2 ** chance.below(32)))];
    expect(sizes.map(humanSize)).toEqual(numfmt(sizes));
  });
});

describe("colours", () => {
  const upper = { kind: "upper", number: 0 } as const;

  it("are for terminals that want them", () => {
    const painted = (isTTY: boolean, env: NodeJS.ProcessEnv): string => paintFor({ isTTY }, env).layer(upper, "x");
    for (const env of [{}, { NO_COLOR: "" }, { TERM: "xterm" }]) expect(painted(true, env)).toBe("\x1b[32mx\x1b[0m");
    for (const env of [{ NO_COLOR: "1" }, { NO_COLOR: "no" }, { TERM: "dumb" }]) expect(painted(true, env)).toBe("x");
    expect(painted(false, {})).toBe("x");
  });

  it("tell layers that are near to each other apart", () => {
    const paint = paintFor({ isTTY: true }, {});
    const first = Array.from({ length: 8 }, (_, i) => paint.layer({ kind: "lower", number: i + 1 }, "x"));
    expect(new Set([paint.layer(upper, "x"), ...first]).size).toBe(9);
  });
});

describe("branches", () => {
  it("tie entries as tree(1) does", () => {
    const branches = new Branches();
    const lines = [branches.before(false)];
    branches.enter(false);
    lines.push(branches.before(true));
    branches.enter(true);
    lines.push(branches.before(true));
    branches.leave();
    branches.leave();
    lines.push(branches.before(true));
    expect(lines).toEqual(["├── ", "│   └── ", "│       └── ", "└── "]);
  });

  it("know the last of a directory before there is another", () => {
    expect([...withLast([1, 2, 3])]).toEqual([[1, false], [2, false], [3, true]]);
    expect([...withLast([])]).toEqual([]);
  });
});

describe("the progress line", () => {
  const walk = (progress: Progress, count: number): void => { for (let i = 0; i < count; i++) progress.step(); };

  it("comes after a second, says how far it is, and is gone at the end", () => {
    let time = 0;
    const { written, stream: terminal } = stream(true);
    const progress = new Progress("entries", terminal, () => time);
    walk(progress, 1000);
    expect(written).toEqual([]);
    time = 1001;
    walk(progress, 1000);
    expect(written).toEqual(["\r1,024 entries looked at…\x1b[K"]);
    progress.end();
    expect(written.at(-1)).toBe("\r\x1b[K");
  });

  it("never comes where nobody sees it", () => {
    const { written, stream: pipe } = stream(false);
    const progress = new Progress("entries", pipe, () => Number.MAX_SAFE_INTEGER);
    walk(progress, 10_000);
    progress.end();
    expect(written).toEqual([]);
  });
});
