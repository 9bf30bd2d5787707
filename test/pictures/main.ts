/** Makes the pictures of docs/overlayfs.md anew. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { perform } from "./scenes.js";
import { drawScene } from "./svg.js";

const directory = join(import.meta.dirname, "../../docs/pictures");
mkdirSync(directory, { recursive: true });
for (const scene of await perform()) {
  const file = join(directory, `${scene.shown.file}.svg`);
  writeFileSync(file, drawScene(scene));
  process.stdout.write(`${file}\n`);
}
