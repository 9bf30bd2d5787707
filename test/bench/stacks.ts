/** How each kind of lower layers is made. */
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEEP_DIRECTORIES, DIRECTORIES, MEBIBYTE, SMALL_FILE, deepFiles, manyFiles, Unavailable, treeFiles, type Ground, type Stack, type StackName } from "./ground.js";
import { command } from "./programs.js";

const DEEP_LAYERS = 120;
const REPOSITORY_FILES = 5000;
const CHANGED_FILES = 1000;
const SOURCES = 40;
const OWN = join(import.meta.dirname, "../..");

export const builds: Readonly<Record<StackName, (ground: Ground) => Promise<Stack>>> = {
  three: async (ground) => here(ground, await trees(ground, "three", ["tree"], 3, DIRECTORIES, treeFiles(ground.sizes))),
  halves: async (ground) => here(ground, await trees(ground, "halves", ["left", "right"], 3, DIRECTORIES / 2, treeFiles(ground.sizes) / 2)),
  deep: async (ground) => here(ground, await trees(ground, "deep", ["tree"], DEEP_LAYERS, DEEP_DIRECTORIES, deepFiles())),
  async many(ground) {
    await layer(ground, "many/0");
    const files = manyFiles(ground.sizes);
    await ground.run(["make-tree", "many/0/tree", files / 100, 100, 0, 0, 1]);
    return here(ground, ["many/0"]);
  },
  async large(ground) {
    await layer(ground, "large/0");
    await ground.run(["make-file", "large/0/large", ground.sizes.of(256) * MEBIBYTE]);
    return here(ground, ["large/0"]);
  },
  async huge(ground) {
    const { lowers } = await ground.stack("three");
    await layer(ground, "huge/0");
    await ground.run(["make-file", "huge/0/huge", ground.sizes.of(2048) * MEBIBYTE]);
    return here(ground, ["huge/0", ...lowers]);
  },
  reflink,
  repository,
  sources,
  project,
};

function here(ground: Ground, lowers: readonly string[]): Stack { return { place: ground.directory, lowers }; }

async function layer(ground: Ground, path: string): Promise<void> { await command(["mkdir", "-p", path], ground.directory); }

/** Trees whose directories are in each of the layers, and whose files are dealt out to them in turn. */
async function trees(ground: Ground, stack: StackName, roots: readonly string[], count: number, directories: number, files: number): Promise<string[]> {
  const layers = Array.from({ length: count }, (_, index) => `${stack}/${index}`);
  for (const [index, path] of layers.entries()) {
    await layer(ground, path);
    for (const root of roots) await ground.run(["make-tree", `${path}/${root}`, directories, files / directories, SMALL_FILE, index, count]);
  }
  return layers;
}

/** The large file on an xfs in a file. */
async function reflink(ground: Ground): Promise<Stack> {
  if (ground.unprivileged) throw new Unavailable("a file system in a file can be mounted by root alone");
  const bytes = ground.sizes.of(256) * MEBIBYTE;
  const place = join(ground.directory, "xfs");
  mkdirSync(place);
  try {
    await command(["truncate", "-s", String(3 * bytes + 400 * MEBIBYTE), "xfs.image"], ground.directory);
    await command(["mkfs.xfs", "-q", "-m", "reflink=1", "xfs.image"], ground.directory);
    await command(["mount", "-o", "loop", "xfs.image", place], ground.directory);
  } catch (error) {
    throw new Unavailable(`no xfs can be made: ${(error as Error).message}`);
  }
  ground.onClose(place);
  mkdirSync(join(place, "lower"));
  await ground.run(["make-file", join(place, "lower/large"), bytes]);
  return { place, lowers: ["lower"] };
}

/** A git repository with a branch `other`, in which 1,000 files are different. */
async function repository(ground: Ground): Promise<Stack> {
  await layer(ground, "repository/0");
  const top = join(ground.directory, "repository/0/repository");
  const git = async (...words: string[]): Promise<void> => {
    const settings = ["user.name=bench", "user.email=bench@localhost", "gc.auto=0", "maintenance.auto=false"].flatMap((setting) => ["-c", setting]);
    try {
      await command(["git", ...settings, ...words], words[0] === "init" ? ground.directory : top);
    } catch (error) {
      throw new Unavailable(`git: ${(error as Error).message}`);
    }
  };
  await git("init", "-q", "-b", "main", top);
  await ground.run(["make-tree", join(top, "tree"), DIRECTORIES, ground.sizes.of(REPOSITORY_FILES, DIRECTORIES) / DIRECTORIES, SMALL_FILE, 0, 1]);
  await git("add", ".");
  await git("commit", "-q", "-m", "main");
  await git("checkout", "-q", "-b", "other");
  await ground.run(["append", join(top, "tree"), DIRECTORIES, ground.sizes.of(CHANGED_FILES), SMALL_FILE]);
  await git("commit", "-q", "-a", "-m", "other");
  await git("checkout", "-q", "main");
  await git("repack", "-a", "-d", "-q");
  return here(ground, ["repository/0"]);
}

/** Forty C files and a Makefile. */
async function sources(ground: Ground): Promise<Stack> {
  await layer(ground, "sources/0/sources");
  const directory = join(ground.directory, "sources/0/sources");
  const parts = Array.from({ length: SOURCES }, (_, index) => `part${index}`);
  for (const part of parts) {
    const functions = Array.from({ length: 40 }, (_, index) =>
      `int ${part}_${index}(int value) { for (int at = 0; at < value; at++) value ^= at * ${index + 3}; return value; }`);
    writeFileSync(join(directory, `${part}.c`), `#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include "parts.h"\n${functions.join("\n")}\n`);
  }
  writeFileSync(join(directory, "parts.h"), parts.map((part) => `int ${part}_0(int value);\n`).join(""));
  writeFileSync(join(directory, "main.c"), `#include "parts.h"\nint main(void) { return ${parts.map((part) => `(${part}_0(0) != 0)`).join(" + ")}; }\n`);
  const objects = ["main", ...parts].map((part) => `${part}.o`).join(" ");
  writeFileSync(join(directory, "Makefile"), `program: ${objects}\n\tcc -o $@ $^\n%.o: %.c parts.h\n\tcc -O1 -c -o $@ $<\n`);
  return here(ground, ["sources/0"]);
}

/** This project's package.json and lock file, if npm has in its cache what they name. */
async function project(ground: Ground): Promise<Stack> {
  for (const path of ["project/0/project", "try"]) {
    await layer(ground, path);
    for (const name of ["package.json", "package-lock.json"]) copyFileSync(join(OWN, name), join(ground.directory, path, name));
  }
  try {
    await command(["sh", "-c", NPM_CI], join(ground.directory, "try"));
  } catch (error) {
    throw new Unavailable(`npm ci does not work from npm's cache: ${(error as Error).message.slice(0, 200)}`);
  }
  return here(ground, ["project/0"]);
}

/** Installs what the lock file names, from npm's cache alone. */
export const NPM_CI = "npm ci --ignore-scripts --offline --no-audit --no-fund --no-update-notifier";
