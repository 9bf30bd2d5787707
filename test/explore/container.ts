/** The layers of a small container, as the photographs show them: an image of two layers, and what was changed in it. */
import { dir, file, opaque, symlink, whiteout, type LayerNode } from "../harness/layers.js";

const base = dir({
  bin: dir({ bash: file("#".repeat(125_640)), cat: file("#".repeat(35_288)), sh: symlink("bash") }),
  etc: dir({
    apt: dir({ "sources.list": file("deb bookworm main\n") }), hostname: file("base\n"), hosts: file("127.0.0.1 localhost\n"),
    motd: file("Welcome to this container.\n"), "os-release": file("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"),
    passwd: file("root:x:0:0:root:/root:/bin/bash\n"), profile: file("# profile\n"), ssl: dir({ certs: dir() }),
  }),
  home: dir(), lib: dir({ "libc.so.6": file("#".repeat(90_000)) }), root: dir(), tmp: dir(), usr: dir({ bin: dir(), share: dir() }),
  var: dir({ cache: dir({ apt: dir({ "pkgcache.bin": file("#".repeat(40_000)) }) }), log: dir({ "dpkg.log": file("log\n") }) }),
});

const init = dir({
  dev: dir({ console: file() }), proc: dir(), sys: dir(),
  etc: dir({ hostname: file(), hosts: file(), mtab: symlink("/proc/mounts"), "resolv.conf": file() }),
});

/** Topmost first. */
export const lowers: readonly LayerNode[] = [init, base];
export const upper: LayerNode = dir({ etc: dir({ build: file("build 7\n"), profile: whiteout() }), var: dir({ cache: dir({ apt: opaque({ archives: file("new\n") }) }) }) });
