/** docs/mount.md: its commands run in its order and show what it says they show; its fstab line and its unit mount. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { PrivateSystem, systemUnavailable } from "../cli-mount/private-system.js";
import { run } from "../harness/processes.js";
import { snapshot } from "../harness/snapshot.js";

const document = readFileSync(join(import.meta.dirname, "../../docs/mount.md"), "utf8");
const shown = "findmnt -n -o SOURCE,FSTYPE /srv/merged";

/** The blocks of a language, in the order of the page. */
function blocks(language: string): string[] {
  return [...document.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map(([, text]) => text!);
}

/** Runs a script after the helper was installed and the directories were made; the lower is as before in the end. */
function outputOf(script: string, fstab = ""): string {
  const system = new PrivateSystem(["base", "changes", "work", "merged"]);
  try {
    writeFileSync(join(system.srv, "base/file"), "base\n");
    system.fstab(fstab);
    const before = snapshot(join(system.srv, "base"));
    const finished = system.run(`set -e\novlfs install-helper >/dev/null\n${script}`);
    expect(finished).toMatchObject({ status: 0, stderr: "" });
    expect(snapshot(join(system.srv, "base"))).toEqual(before);
    return finished.stdout.replace(/ +/g, " ");
  } finally {
    system.end();
  }
}

/** The settings of a unit's section. */
function settings(unit: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...unit.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]));
}

describe("docs/mount.md", () => {
  beforeEach(({ skip }) => {
    const reason = systemUnavailable();
    skip(reason !== null, reason ?? "");
  });

  it("shows commands that print what stands behind them", () => {
    const [install, ...commands] = blocks("sh");
    expect(install).toBe("ovlfs install-helper\n");
    const promised = [...commands.join("").matchAll(/^[^#\n]+# (.*)$/gm)].map(([, text]) => `${text!}\n`);
    expect(promised.length).toBeGreaterThan(0);
    expect(outputOf(commands.join(""))).toBe(promised.join(""));
  });

  it("gives a line of fstab that mounts by hand and with all others", () => {
    const [line] = blocks("fstab");
    const output = outputOf(`mount /srv/merged; ${shown}; cat /srv/merged/file; umount /srv/merged; mount -a; ${shown}; umount /srv/merged`, line);
    expect(output).toBe("layers fuse.ovlfs\nbase\nlayers fuse.ovlfs\n");
  });

  it("gives a unit whose words for mount(8) mount", () => {
    const { What, Where, Type, Options } = settings(blocks("ini")[0]!);
    expect(outputOf(`mount '${What!}' '${Where!}' -t '${Type!}' -o '${Options!}'; ${shown}; umount '${Where!}'`)).toBe("layers fuse.ovlfs\n");
  });

  it("gives a unit that systemd has nothing against, under the name that it says", ({ skip }) => {
    skip(run("systemd-analyze", ["--version"]).status !== 0, "systemd-analyze is not installed (Debian: systemd)");
    const name = run("systemd-escape", ["-p", "--suffix=mount", "/srv/merged"]).stdout.trim();
    expect(document).toContain(`/etc/systemd/system/${name}`);
    const system = new PrivateSystem();
    try {
      writeFileSync(join(system.path, name), blocks("ini")[0]!);
      expect(run("systemd-analyze", ["verify", "--man=no", join(system.path, name)])).toEqual({ status: 0, stdout: "", stderr: "" });
    } finally {
      system.end();
    }
  });
});
