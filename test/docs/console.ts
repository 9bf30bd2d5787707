/**
 * The `console` blocks of a document as one session: each line that begins with `$ ` is run by one bash, and what
 * stands below it is what it is to print. The place that it runs in is called /demo in the document.
 */
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CLI } from "../harness/mounters.js";
import { makePlace, removePlace } from "../harness/places.js";
import { mountsBelow, run } from "../harness/processes.js";

export interface Step {
  readonly command: string;
  readonly output: string;
}

const root = join(import.meta.dirname, "../..");

/** The steps that a document promises. */
export function promised(document: string): Step[] {
  const text = readFileSync(join(root, document), "utf8");
  const lines = [...text.matchAll(/^```console\n(.*?)^```$/gms)].flatMap(([, block]) => block!.trimEnd().split("\n"));
  const steps: { command: string; output: string[] }[] = [];
  for (const line of lines) {
    if (line.startsWith("$ ")) steps.push({ command: line.slice(2), output: [] });
    else steps.at(-1)!.output.push(line);
  }
  return steps.map(({ command, output }) => ({ command, output: output.join("\n").trimEnd() }));
}

const SEPARATOR = "\u0001";

/** What they print, with `ovlfs` the built one. */
export function performed(steps: readonly Step[]): Step[] {
  const place = makePlace();
  try {
    symlinkSync(CLI, join(place, "ovlfs"));
    const script = ["mkdir demo && cd demo || exit", ...steps.map(({ command }) => `{ ${command}\n} 2>&1; printf '${SEPARATOR}'`)].join("\n");
    writeFileSync(join(place, "script"), script);
    const { stdout } = run("bash", ["script"], { cwd: place, env: { ...process.env, PATH: `${place}:${process.env.PATH ?? ""}`, LC_ALL: "C" } });
    const outputs = stdout.split(SEPARATOR);
    return steps.map(({ command }, index) => ({ command, output: (outputs[index] ?? "").replaceAll(join(place, "demo"), "/demo").trimEnd() }));
  } finally {
    for (const point of mountsBelow(place)) run("umount", ["-l", point]);
    removePlace(place);
  }
}
