/** The version, of which package.json is the one place. */
import { readFileSync } from "node:fs";

/** `ovlfs VERSION`, and below it what it runs on. */
export function versionText(): string {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };
  return `ovlfs ${manifest.version}\nNode.js ${process.version}\n`;
}
