/** The layers on which the commands are tried: one of each thing that a lookup can meet. */
import { dir, file, opaque, sparse, symlink, whiteout, type LayerNode } from "../harness/layers.js";
import { CLI, type Mounter } from "../harness/mounters.js";
import { OverlayFixture, type Stack } from "../harness/overlay-fixture.js";
import { run, type Finished } from "../harness/processes.js";
import { raw } from "../harness/syscalls.js";
import {
  directoriesSpec, explainJson, explainText, findOverlay, resolve, Stack as LayerStack, whichJson, whichText,
} from "../../src/inspect/index.js";

const redirect = (to: string): { xattrs: Record<string, string> } => ({ xattrs: { "trusted.overlay.redirect": to } });
const metacopy = (size: number, to?: string): LayerNode =>
  sparse(size, [], { mode: 0o600, xattrs: { "trusted.overlay.metacopy": "", ...(to === undefined ? {} : { "trusted.overlay.redirect": to }) } });

const upper = dir({
  etc: dir({ hosts: file("new hosts"), passwd: whiteout(), meta: metacopy(4) }),
  var: opaque(),
  renamed: dir({}, redirect("/old")), old: whiteout(),
});
const middle = dir({ etc: dir({ group: file("group"), hosts: file("hosts of the middle") }), lazy: metacopy(4, "/blobs/one"), abs: symlink("/usr/bin") });
const base = dir({
  etc: dir({ hosts: file("hosts"), passwd: file("passwd"), meta: file("data") }),
  var: dir({ cache: dir({ item: file("item") }) }),
  old: dir({ child: file("child") }),
  usr: dir({ bin: dir({ sh: file("sh", { mode: 0o755 }) }) }), bin: symlink("usr/bin"),
});
const data = dir({ blobs: dir({ one: file("blob") }) });

export const OPTIONS = ["metacopy=on", "redirect_dir=on"] as const;
export const SCENE: Stack = { lowers: [middle, base, data], dataLayers: 1, upper, options: OPTIONS };

/** Every path of the scene that is asked for, with what it stands for. */
export const PATHS = {
  "the root": "/",
  "a merged directory": "/etc",
  "a plain lower file": "/etc/group",
  "a shadowed file": "/etc/hosts",
  "a file that was deleted": "/etc/passwd",
  "a file below an opaque directory": "/var/cache/item",
  "an opaque directory": "/var",
  "the child of a redirected directory": "/renamed/child",
  "a redirected directory": "/renamed",
  "the old name of a redirected directory": "/old/child",
  "a metacopy": "/etc/meta",
  "a data-only file": "/lazy",
  "a name that is nowhere": "/etc/nowhere",
  "a name below a file": "/etc/hosts/below",
  "a file behind a symlink": "/bin/sh",
  "a file behind an absolute symlink": "/abs/sh",
  "a symlink": "/bin",
  "a symlink followed for its slash": "/bin/",
  "a path with dots": "/etc/../bin/./../../etc/hosts",
} as const;

export class Scene {
  readonly fixture: OverlayFixture;

  constructor(mounter: Mounter) {
    this.fixture = new OverlayFixture(mounter, SCENE);
    this.fixture.start();
  }

  /** The words that name the layers where they are not mounted. */
  get layerWords(): string[] {
    const [first, second, third] = this.fixture.lowers.map(({ path }) => path);
    return ["--lower", `${first!}:${second!}::${third!}`, "--upper", this.fixture.upper.path, "-o", OPTIONS.join(",")];
  }

  /** Runs `ovlfs` on a path in the mounted tree. */
  mounted(command: string, path: string): Finished {
    return this.run([command, `${this.fixture.merged.path}${path}`]);
  }

  /** Runs `ovlfs` on the same path by the layers alone. */
  offline(command: string, path: string): Finished {
    return this.run([command, ...this.layerWords, path]);
  }

  run(words: readonly string[]): Finished {
    const { status, stdout, stderr } = run(process.execPath, [CLI, ...words], { cwd: this.fixture.place });
    return { status, stdout: this.unplaced(stdout), stderr: this.unplaced(stderr) };
  }

  /** Places as in the scene: `/upper`, `/l0` … */
  unplaced(text: string): string {
    return text.replaceAll(this.fixture.place, "");
  }

  /** All that the commands say of a path in the mounted tree, or by the layers alone; made in this process. */
  allSaid(path: string, how: "mounted" | "offline"): string {
    const { merged, lowers, upper } = this.fixture;
    const [first, second, third] = lowers.map((lower) => raw(lower.path));
    const found = how === "mounted" ? findOverlay(raw(merged.path + path)) : {
      spec: directoriesSpec({ lower: [first!, second!], dataOnly: [third!], upper: raw(upper.path) }, { metacopy: true, redirectDir: "on" }), path: raw(path),
    };
    const stack = LayerStack.open(found.spec);
    const resolution = resolve(stack, found.path);
    const said = [whichText(stack, resolution), explainText(stack, resolution), ...[whichJson(stack, resolution), explainJson(stack, resolution)].map((json) => JSON.stringify(json, null, 1))];
    stack.close();
    return this.unplaced(said.join("\n")).replace(" at '/merged'", "");
  }

  end(): void {
    this.fixture.end();
  }
}
