/** Layers in fresh temporary directories, and an Overlay over them that is closed again. */
import { lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync, type Stats } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Overlay, OverlayError, type OverlayOpenOptions } from "../../src/index.js";

export const isRoot = process.geteuid!() === 0;
export const NEEDS_ROOT = "owners, trusted xattrs and directories marked opaque need root";

/** What a layer is made of: text is a file, null a directory, `-> x` a symlink. */
export type LayerContent = Readonly<Record<string, string | null>>;

export class Layers {
  readonly base = mkdtempSync(join(tmpdir(), "ovlfs-library-"));
  readonly lowers: string[] = [];
  readonly upper = join(this.base, "upper");
  readonly work = join(this.base, "work");
  readonly warnings: string[] = [];
  #overlay: Overlay | null = null;

  /** The lowers, topmost first. */
  constructor(...lowers: readonly LayerContent[]) {
    mkdirSync(this.upper);
    mkdirSync(this.work);
    lowers.forEach((content, index) => {
      const root = join(this.base, `lower${index + 1}`);
      mkdirSync(root);
      this.lowers.push(root);
      for (const [path, text] of Object.entries(content)) fill(join(root, path), text);
    });
  }

  open(options: Partial<OverlayOpenOptions> = {}): Overlay {
    this.#overlay = Overlay.open({
      lower: this.lowers, upper: this.upper, work: this.work, umask: 0o022,
      log: { warn: (message) => this.warnings.push(message) }, ...options,
    });
    return this.#overlay;
  }

  openReadOnly(): Overlay {
    this.#overlay = Overlay.open({ lower: this.lowers });
    return this.#overlay;
  }

  /** What stands in the upper; undefined if nothing does. */
  inUpper(path: string): Stats | undefined {
    return lstatSync(join(this.upper, path), { throwIfNoEntry: false });
  }

  remove(): void {
    this.#overlay?.close();
    rmSync(this.base, { recursive: true, force: true });
  }
}

function fill(path: string, text: string | null): void {
  mkdirSync(dirname(path), { recursive: true });
  if (text === null) mkdirSync(path, { recursive: true });
  else if (text.startsWith("-> ")) symlinkSync(text.slice(3), path);
  else writeFileSync(path, text);
}

/** The error that `act` throws, which must be an OverlayError. */
export function refusal(act: () => unknown): OverlayError {
  try {
    act();
  } catch (error) {
    if (error instanceof OverlayError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

/** The code of the error that `act` throws. */
export function code(act: () => unknown): string {
  return refusal(act).code;
}
