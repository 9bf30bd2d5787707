/** A file system without room: files that hold all of it, beside the layer, and their removal. */
import { Tree } from "../harness/tree.js";
import { outcome } from "../harness/syscalls.js";
import { O_CREAT, O_DIRECTORY, O_RDONLY, O_RDWR } from "../../src/sys/constants.js";
import { native } from "../../src/sys/native.js";

const KIB = 1 << 10;
const TIB = 2 ** 40;

/** Takes all the room beside `layer`; the function that gives it back. */
export function fillUp(layer: Tree): () => void {
  const beside = new Tree(layer.path.slice(0, layer.path.lastIndexOf("/")));
  const names: string[] = [];
  for (let size = 16 * TIB; size >= 64 * KIB;) {
    const name = `filler-${names.length}`;
    if (outcome(() => { beside.with(name, O_RDWR | O_CREAT, (filler) => { filler.fallocate(0, 0, size); }); }) !== "done") size /= 2;
    else names.push(name);
  }
  return () => {
    for (const name of [...names, `filler-${names.length}`]) outcome(() => { beside.unlink(name); });
    beside.with("", O_RDONLY | O_DIRECTORY, (directory) => { native.syncfs(directory.fd); });
  };
}
