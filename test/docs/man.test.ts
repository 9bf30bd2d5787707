/** man/ovlfs.1 has each command and each option that there is, in the words of the help texts. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commands } from "../../src/cli/commands.js";
import { helpText } from "../../src/cli/help.js";
import { mountOptions } from "../../src/cli/mount-options.js";
import { run } from "../harness/processes.js";

const page = join(import.meta.dirname, "../../man/ovlfs.1");
const source = readFileSync(page, "utf8");
const text = source.replaceAll("\\-", "-").replaceAll("\\(aq", "'").replaceAll("\\e", "\\").replaceAll("\\&", "");
const hasMan = run("sh", ["-c", "command -v man"]).status === 0;
if (!hasMan) console.log("skipped: man/ovlfs.1 is drawn without a warning, man is not installed");

describe("the man page", () => {
  it.each([...commands.map(({ name }) => name), "umount"])("has ovlfs %s", (name) => {
    expect(text).toContain(`.SS ovlfs ${name}\n`);
  });

  it.each(commands.map(({ name, usage }) => [name, usage]))("has how ovlfs %s is called", (name, usage) => {
    expect(text).toContain(`.B ovlfs ${name}\n${usage}\n`);
  });

  it("has each option of ovlfs mount", () => {
    const options = [...helpText("mount").matchAll(/^ {2}(-.*?) {2,}/gm)].map(([, option]) => option!);
    expect(options.length).toBeGreaterThan(8);
    for (const option of options) expect(text).toContain(`.B ${option}\n`);
  });

  it("has each option of -o and what it does", () => {
    for (const row of mountOptions) {
      if ("refused" in row || "only" in row) continue;
      expect(text).toContain(row.name);
      expect(text).toContain(`\n${row.help}\n`);
    }
  });

  it("has no option that there is not", () => {
    const known = new Set(mountOptions.map(({ name }) => name));
    const section = text.slice(text.indexOf(".SH OPTIONS OF -O"), text.indexOf(".SH OTHER COMMANDS"));
    for (const [, names] of section.matchAll(/^\.B (.*)$/gm)) {
      for (const name of names!.split(", ")) expect(known.has(name) || known.has(name.replace(/=.*/, "")), name).toBe(true);
    }
  });

  it.runIf(hasMan)("is drawn without a warning", () => {
    const { status, stderr } = run("man", ["--warnings=w", "-l", page], { env: { ...process.env, MANPAGER: "cat", LC_ALL: "C.UTF-8" } });
    expect([status, stderr]).toEqual([0, ""]);
  });
});
