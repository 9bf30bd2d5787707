/** The directory that a path from the root is in; the root is the empty path. */
export function parentOf<Path extends string>(path: Path): Path {
  return path.slice(0, Math.max(0, path.lastIndexOf("/"))) as Path;
}
