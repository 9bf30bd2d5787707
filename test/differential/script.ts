/**
 * Prints a case as a script that anyone can run with node and a built checkout: it makes the layers, mounts them
 * by the kernel or by ovlfs, makes the calls and says how each ended. Nothing of the tester is needed.
 */
import { DEFAULT_UMASK, USERS, type Argument, type Call } from "./call.js";
import type { Case, Eager } from "./case.js";
import type { Difference } from "./half.js";
import { optionText } from "./mounts.js";
import type { LayerNode } from "../harness/layers.js";

const HEAD = `#!/usr/bin/env node
// Usage, as root: node SCRIPT kernel|ovlfs [CHECKOUT of ovlfs, built; default: the working directory]
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
const [by, checkout = "."] = process.argv.slice(2);
const { native } = await import(pathToFileURL(resolve(checkout, "dist/sys/native.js")));
const { errnoName } = await import(pathToFileURL(resolve(checkout, "dist/sys/errno.js")));
const { Stat } = await import(pathToFileURL(resolve(checkout, "dist/sys/stat.js")));
const checkoutPath = resolve(checkout), CWD = -100, top = mkdtempSync("/tmp/ovlfs-script-"), kept = new Map(), stat = new Stat(), statfs = new Float64Array(10);
process.chdir(top);
const run = (...words) => execFileSync(words[0], words.slice(1), { stdio: "inherit" });
const data = (text) => Buffer.from(text, "latin1");
const must = (answer, what) => { if (answer < 0) throw new Error(what + ": " + errnoName(answer)); return answer; };
const user = (uid, gid, groups, umask) => { native.setfsuid(0); native.setgroups(Uint32Array.from(groups)); native.setfsgid(gid); native.setfsuid(uid); native.umask(umask); };
function mount(by, options) {
  if (by === "kernel") run("mount", "-t", "overlay", "overlay", "-o", options, "merged");
  else run(process.execPath, resolve(checkoutPath, "dist/cli/main.js"), "mount", "-o", options, "merged");
}
function unmount() { for (const fd of kept.values()) native.close(fd); kept.clear(); run("umount", "merged"); }
/** Attributes of what is at a path of a layer: owner, mode, xattrs, modification time. */
function dress(path, uid, gid, mode, xattrs, seconds, nanoseconds) {
  must(native.fchownat(CWD, path, uid, gid), path);
  if (mode !== null) must(native.fchmodat(CWD, path, mode), path);
  for (const [name, value] of Object.entries(xattrs)) must(native.setxattrat(CWD, path, name, data(value), 0), path + " " + name);
  native.utimensat(CWD, path, seconds, nanoseconds, seconds, nanoseconds);
}
function file(path, size, ...pieces) {
  const fd = must(native.openat(CWD, path, 0o101, 0o600), path);
  for (const [at, text] of pieces) native.pwrite(fd, data(text), 0, text.length, at);
  native.ftruncate(fd, size);
  native.close(fd);
}
function names(path) {
  const fd = native.openat(CWD, path, 0o200000, 0), buffer = Buffer.alloc(1 << 16), found = [];
  if (fd < 0) return errnoName(fd);
  for (let length; (length = native.getdents64(fd, buffer)) > 0;) for (let at = 0; at < length; at += buffer.readUInt16LE(at + 16)) found.push(buffer.toString("latin1", at + 19, buffer.indexOf(0, at + 19)));
  native.close(fd);
  return JSON.stringify(found.sort());
}
function content(path) {
  const fd = native.openat(CWD, path, 0o4000, 0), buffer = Buffer.alloc(200000);
  if (fd < 0) return errnoName(fd);
  const length = native.pread(fd, buffer, 0, buffer.length, 0);
  native.close(fd);
  return length < 0 ? errnoName(length) : length + " " + JSON.stringify(buffer.toString("latin1", 0, Math.min(length, 60)));
}
function say(what, answer, shown) { console.log(what + ": " + (typeof answer === "string" ? answer : answer < 0 ? errnoName(answer) : shown === undefined ? "done " + answer : shown(answer))); }
function keep(slot, fd) { if (fd >= 0) { if (kept.has(slot)) native.close(kept.get(slot)); kept.set(slot, fd); } return fd; }
const showStat = () => stat.mode.toString(8) + " " + stat.uid + ":" + stat.gid + " size " + stat.size + " nlink " + stat.nlink + " mtime " + stat.mtimeSec + " ino " + stat.ino;
`;

/** The whole script. */
export function scriptOf(one: Case, difference: Difference, title: string): string {
  const lines = [
    HEAD,
    `// ${title}`,
    `// Differs in: ${difference.stage}`,
    ...difference.lines.slice(0, 12).map((line) => `//   ${printable(line)}`),
    "",
    ...one.stack.lowers.flatMap((layer, index) => layerLines(layer, `l${index}`)),
    ...one.stack.dataOnly.flatMap((layer, index) => layerLines(layer, `data${index}`)),
    ...layerLines(one.stack.upper, "upper"),
    'for (const directory of ["merged", "work"]) mkdirSync(directory);',
    ...mountLines(one),
    ...one.calls.flatMap((call) => callLines(call, one.eager)),
    'if (process.argv[4] !== "stay") unmount();',
    'console.log("the layers are in " + top);',
  ];
  return `${lines.join("\n")}\n`;
}

function mountLines(one: Case): string[] {
  const lowers = one.stack.lowers.map((_, index) => `l${index}`);
  const plan = { lowers, dataOnly: one.stack.dataOnly.map((_, index) => `data${index}`), upper: "upper", work: "work", merged: "merged", options: one.set.options };
  if (one.before === null) return [`mount(by, ${JSON.stringify(optionText(plan))});`];
  const { options, becomes, calls } = one.before;
  const before = becomes === "upper" ? plan : { ...plan, upper: "before", work: "before-work" };
  return [
    ...(becomes === "upper" ? [] : ['for (const directory of ["before", "before-work"]) mkdirSync(directory);']),
    `mount("kernel", ${JSON.stringify(optionText({ ...before, options }))});`,
    ...calls.flatMap((call) => callLines(call, null)),
    "unmount();",
    `mount(by, ${JSON.stringify(optionText(becomes === "upper" ? plan : { ...plan, lowers: ["before", ...lowers] }))});`,
  ];
}

/** A literal; bytes beyond ASCII as escapes. */
function literal(text: string): string {
  const quoted = JSON.stringify(text).replace(/[\x7f-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`);
  return quoted.replace(/([a-z])\1{40,}/g, (run: string, character: string) => `" + "${character}".repeat(${run.length}) + "`);
}

function printable(text: string): string { return text.replace(/[^\x20-\x7e]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`); }

function layerLines(node: LayerNode, path: string): string[] {
  return [...makeLines(node, path), ...linkLines(node, path), ...dressLines(node, path)];
}

function makeLines(node: LayerNode, path: string): string[] {
  const at = literal(path);
  switch (node.kind) {
    case "file": return [`file(${[at, String(node.size), ...node.pieces.map((piece) => `[${piece.at}, ${literal(textOf(piece.content))}]`)].join(", ")});`];
    case "directory": return [`must(native.mkdirat(CWD, ${at}, 0o755), ${at});`, ...Object.entries(node.children).flatMap(([name, child]) => makeLines(child, `${path}/${name}`))];
    case "symlink": return [`must(native.symlinkat(${literal(node.target)}, CWD, ${at}), ${at});`];
    case "fifo": return [`must(native.mknodat(CWD, ${at}, 0o010644, 0, 0), ${at});`];
    case "socket": return [`must(native.mknodat(CWD, ${at}, 0o140644, 0, 0), ${at});`];
    case "character": return [`must(native.mknodat(CWD, ${at}, 0o020644, ${node.major}, ${node.minor}), ${at});`];
    case "block": return [`must(native.mknodat(CWD, ${at}, 0o060644, ${node.major}, ${node.minor}), ${at});`];
    case "link": return [];
  }
}

function linkLines(node: LayerNode, path: string): string[] {
  if (node.kind === "link") return [`must(native.linkat(CWD, ${literal(`${path.slice(0, path.lastIndexOf("/"))}/${node.to}`)}, CWD, ${literal(path)}), ${literal(path)});`];
  return node.kind === "directory" ? Object.entries(node.children).flatMap(([name, child]) => linkLines(child, `${path}/${name}`)) : [];
}

function dressLines(node: LayerNode, path: string): string[] {
  if (node.kind === "link") return [];
  const below = node.kind === "directory" ? Object.entries(node.children).flatMap(([name, child]) => dressLines(child, `${path}/${name}`)) : [];
  const { mode, uid = 0, gid = 0, mtime = [981173106, 123456789], xattrs = {} } = node.attributes;
  const bits = node.kind === "symlink" ? "null" : `0o${(mode ?? (node.kind === "directory" ? 0o755 : 0o644)).toString(8)}`;
  const attributes = Object.entries(xattrs).map(([name, value]) => `${literal(name)}: ${literal(textOf(value))}`);
  return [...below, `dress(${literal(path)}, ${uid}, ${gid}, ${bits}, { ${attributes.join(", ")} }, ${mtime[0]}, ${mtime[1]});`];
}

function textOf(content: string | Uint8Array): string { return typeof content === "string" ? content : Buffer.from(content).toString("latin1"); }

function callLines(call: Call, eager: Eager | null): string[] {
  const { uid, gid, groups } = USERS[call.user ?? 0]!;
  const umask = call.umask ?? DEFAULT_UMASK;
  const become = uid === 0 && umask === DEFAULT_UMASK ? [] : [`user(${uid}, ${gid}, [${groups.join(", ")}], 0o${umask.toString(8)});`];
  const back = become.length === 0 ? [] : [`user(0, 0, [0], 0o${DEFAULT_UMASK.toString(8)});`];
  const nothing = eager === "data" ? `native.ftruncate(kept.get(${call.keep}), stat.size)` : `native.fchmodat(kept.get(${call.keep}), "", stat.mode & 0o7777)`;
  const touch = eager && call.keep !== undefined && call.name === "openat"
    ? [`if (kept.has(${call.keep}) && native.statx(kept.get(${call.keep}), "", stat.fields) === 0 && (stat.mode & 0o170000) === 0o100000) ${nothing};`]
    : [];
  return [...become, statement(call), ...back, ...touch];
}

function statement(call: Call): string {
  const words = call.arguments.map(argumentText);
  const what = literal(`${call.name} ${call.arguments.map(shownArgument).join(" ")}`);
  switch (call.name) {
    case "list": return `say(${what}, names(${words[0]!}));`;
    case "map": case "peek": case "poke": case "syncMapping":
      return `// A memory mapping, which node can't do (see test/harness/helpers/mappings.c): ${printable(what)}`;
    case "readWhole": return `say(${what}, content(${words[0]!}));`;
    case "readPiece": return `say(${what}, native.getdents64(${words[0]!}, Buffer.alloc(${words[1]!})));`;
    case "rewind": return `say(${what}, native.lseek(${words[0]!}, 0, 0));`;
    case "openat": return `say(${what}, ${call.keep === undefined ? "" : `keep(${call.keep}, `}native.openat(${words.join(", ")})${call.keep === undefined ? "" : ")"});`;
    case "seek": return `say(${what}, native.lseek(${words.join(", ")}));`;
    case "close": return `say(${what}, native.close(${words[0]!})); kept.delete(${(call.arguments[0] as { slot: number }).slot});`;
    case "statx": return `say(${what}, native.statx(${words.join(", ")}, stat.fields), showStat);`;
    case "fstatfs": return `say(${what}, native.fstatfs(${words.join(", ")}, statfs));`;
    case "pread": case "getxattrat": case "listxattrat": case "readlinkat": {
      const room = call.arguments.findIndex((argument) => typeof argument === "object" && "room" in argument);
      return `{ const room = ${words[room]!}; say(${what}, native.${call.name}(${words.map((word, index) => (index === room ? "room" : word)).join(", ")}), (length) => length + " " + JSON.stringify(room.toString("latin1", 0, Math.min(length, 200)))); }`;
    }
    default: return `say(${what}, native.${call.name}(${words.join(", ")}));`;
  }
}

function argumentText(argument: Argument): string {
  if (typeof argument === "number") return argument > 0o777 ? `0o${argument.toString(8)}` : String(argument);
  if ("path" in argument) return literal(argument.path === "" ? "merged" : `merged/${argument.path}`);
  if ("slot" in argument) return `kept.get(${argument.slot})`;
  if ("text" in argument) return literal(argument.text);
  if ("data" in argument) return `data(${literal(argument.data)})`;
  return `Buffer.alloc(${argument.room})`;
}

function shownArgument(argument: Argument): string {
  if (typeof argument === "number") return String(argument);
  if ("path" in argument) return argument.path === "" ? "." : argument.path;
  if ("slot" in argument) return `fd ${argument.slot}`;
  if ("text" in argument) return argument.text;
  return "data" in argument ? `${argument.data.length} bytes` : `room for ${argument.room}`;
}
