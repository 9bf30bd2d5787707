/**
 * The files of the page, from the package itself. All are read at the start and known by name, so that no path of
 * a request reaches the file system.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";

const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

export interface PageFile {
  readonly type: string;
  readonly content: Buffer;
}

/** By name; the empty name is the page. */
export function pageFiles(): ReadonlyMap<string, PageFile> {
  const directory = pageDirectory();
  const files = new Map<string, PageFile>();
  for (const name of readdirSync(directory)) {
    const type = types[/\.([a-z]+)$/.exec(name)?.[1] ?? ""];
    if (type === undefined) continue;
    const file = { type, content: readFileSync(new URL(name, directory)) };
    files.set(name, file);
    if (name === "index.html") files.set("", file);
  }
  return files;
}

/** Beside this module, in a package as in a checkout. */
function pageDirectory(): URL {
  const directory = new URL("./page/", import.meta.url);
  if (existsSync(new URL("main.js", directory))) return directory;
  throw new Error("the files of the page are missing; install ovlfs anew, or build it by 'npm run build'");
}
