/** The option sets that have runs of their own: the words of `-o`, for both implementations. */
export interface OptionSet {
  readonly name: string;
  readonly options: readonly string[];
  /** The overlay's xattrs are user.overlay.*. */
  readonly userxattr?: boolean;
  /** The stack has data-only layers behind the others. */
  readonly dataOnly?: boolean;
}

export const optionSets: readonly OptionSet[] = [
  { name: "default", options: [] },
  { name: "redirect_dir=on", options: ["redirect_dir=on"] },
  { name: "redirect_dir=follow", options: ["redirect_dir=follow"] },
  { name: "redirect_dir=nofollow", options: ["redirect_dir=nofollow"] },
  { name: "redirect_dir=off", options: ["redirect_dir=off"] },
  { name: "metacopy=on", options: ["metacopy=on"] },
  { name: "index=on", options: ["index=on"] },
  { name: "all", options: ["metacopy=on", "index=on", "redirect_dir=on"] },
  { name: "xino=on", options: ["xino=on"] },
  { name: "userxattr", options: ["userxattr"], userxattr: true },
  { name: "volatile", options: ["volatile"] },
  { name: "nfs_export=on", options: ["nfs_export=on", "index=on"] },
  { name: "data-only", options: ["metacopy=on", "redirect_dir=on"], dataOnly: true },
];
