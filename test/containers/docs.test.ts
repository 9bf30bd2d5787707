/**
 * docs/podman.md and docs/rootless.md: their files are put where they say, and their lines run, as root and as
 * alice, in the order of the page and with the answers that stand below them.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { quoted } from "./container.js";
import { breathe } from "./fixture.js";
import { Machine, machineUnavailable, type User } from "./machine.js";

const missing = machineUnavailable(["podman", "buildah", "crun", "newuidmap", "busybox", "fuse-overlayfs", "fusermount3", "findmnt", "getfattr", "ps"]);

interface Line {
  readonly user: User;
  readonly command: string;
  readonly answer: string;
}

/** The fenced blocks of a page in a language. */
function blocksOf(page: string, language: string): string[] {
  const text = readFileSync(join(import.meta.dirname, "../../docs", page), "utf8");
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, "gm"))].map(([, block]) => block!);
}

/** The commands of a block: `# ` is root's, `$ ` alice's, `> ` goes on with it; other lines are the answer. */
function linesOf(block: string): Line[] {
  return block.split(/^(?=[#$] )/m).map((text) => {
    const [first, ...rest] = text.trimEnd().split("\n");
    const more = rest.filter((line) => line.startsWith("> ")).map((line) => line.slice(2));
    return {
      user: first!.startsWith("#") ? "root" : "alice",
      command: [first!.slice(2), ...more].join("\n"),
      answer: rest.filter((line) => !line.startsWith("> ")).join("\n"),
    };
  });
}

/** An answer as it stands on the page: `…` is anything. */
function pattern(answer: string): RegExp {
  const literal = answer.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${literal.join("[^]*")}$`);
}

describe.for(["podman.md", "rootless.md"])("docs/%s", (page) => {
  let machine: Machine | undefined;

  beforeAll(() => {
    if (missing !== null) return;
    const made = machine = new Machine();
    made.sh("root", "rm /etc/containers/storage.conf /home/alice/.config/containers/storage.conf");
    for (const block of blocksOf(page, "toml")) {
      const path = /^# (\S+)\n/.exec(block)![1]!;
      made.sh(path.startsWith("~") ? "alice" : "root", `printf %s ${quoted(block)} > ${path}`);
    }
  });
  beforeEach(({ skip }) => { skip(missing !== null, missing ?? ""); });
  afterAll(() => { machine?.end(); });

  it("is true line by line", async () => {
    const lines = blocksOf(page, "console").flatMap(linesOf);
    expect(lines.length).toBeGreaterThan(5);
    for (const { user, command, answer } of lines) {
      await breathe();
      const { stdout, stderr } = machine!.run(user, `{ ${command}\n} 2>&1`);
      expect(`${stdout}${stderr}`.trimEnd().replace(/^time=.*is not a shared mount.*\n?/m, ""), command).toMatch(pattern(answer.trimEnd()));
    }
  }, 120_000);
});

describe("README.md", () => {
  const steps = /^## Mount\n\n```sh\n([^]*?)^```$/m.exec(readFileSync(join(import.meta.dirname, "../../README.md"), "utf8"))![1]!;
  let machine: Machine | undefined;

  beforeAll(() => { if (missing === null) machine = new Machine(); });
  beforeEach(({ skip }) => { skip(missing !== null, missing ?? ""); });
  afterAll(() => { machine?.end(); });

  it.for([["by fusermount3", "sh"], ["in a user namespace", "unshare -Urm sh"]])("its steps work as written for a user, %s", ([, shell]) => {
    const work = "echo text > merged/file; ls merged | grep -x -e bin -e file";
    const script = `set -e\nrm -rf lower upper work merged\n${steps.replace(/^# work in merged.*$/m, work)}\ncat upper/file; ls merged`;
    expect(script).toContain(work);
    expect(machine!.run("alice", `${shell} -c ${quoted(script)}`)).toEqual({ status: 0, stdout: "bin\nfile\ntext\n", stderr: "" });
  });
});
