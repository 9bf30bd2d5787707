/**
 * Where the launcher has Node begin: the whole program as one script, together with the code that V8 made of it in an
 * earlier run. Code that another version of Node left is refused by V8, and code of another script by the digest that
 * both end and begin with; then the script is compiled as any other. Without a bundle the modules are loaded one by one.
 */
import fs = require("node:fs");
import path = require("node:path");
import vm = require("node:vm");

const BUNDLE = path.join(__dirname, "bundle.cjs");
const CODE = path.join(__dirname, "bundle.code");
/** Of SHA-256, in hexadecimal. */
const DIGEST_LENGTH = 64;

/** What the bundle is: a function that gives the program's entry. */
type Bundle = (require: NodeJS.Require, load: Load, file: string) => { main(): Promise<void> };
/** Loads a module that is not in the bundle. */
type Load = (name: string) => Promise<unknown>;

function read(file: string): Buffer | undefined {
  try {
    return fs.readFileSync(file);
  } catch {
    return undefined;
  }
}

/** The code that was kept of this very bundle. */
function keptCode(bundle: Buffer): Buffer | undefined {
  const code = read(CODE);
  const digest = bundle.subarray(-DIGEST_LENGTH);
  return code?.subarray(0, DIGEST_LENGTH).equals(digest) === true ? code.subarray(DIGEST_LENGTH) : undefined;
}

/** OVLFS_KEEP_CODE names the file for what V8 has compiled when the program ends (keep-code.ts). */
function keepCode(bundle: Buffer, script: vm.Script): void {
  const file = process.env.OVLFS_KEEP_CODE;
  if (file === undefined) return;
  process.on("exit", () => fs.writeFileSync(file, Buffer.concat([bundle.subarray(-DIGEST_LENGTH), script.createCachedData()]), { mode: 0o600 }));
}

function start(): Promise<void> {
  const bundle = read(BUNDLE);
  if (bundle === undefined) return import("./program.js").then((program) => program.main());
  const script = new vm.Script(bundle.toString("latin1"), {
    filename: BUNDLE,
    cachedData: keptCode(bundle),
  });
  keepCode(bundle, script);
  return (script.runInThisContext() as Bundle)(require, (name) => import(name), BUNDLE).main();
}

void start();
