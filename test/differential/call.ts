/**
 * One call of a sequence, as plain data: the name of the system call in `native-bindings` (or one of the few
 * compound acts that `acts.ts` knows) and its arguments, where paths and descriptors stand for what each side
 * has of its own. Plain data is what makes a sequence repeatable, shrinkable and printable.
 */

/** An argument: a number, a path in the merged tree, a kept descriptor, bytes, bytes to write, or room for an answer. */
export type Argument =
  | number
  | { readonly path: string }
  | { readonly slot: number }
  | { readonly text: string }
  | { readonly data: string }
  | { readonly room: number };

export interface Call {
  readonly name: string;
  readonly arguments: readonly Argument[];
  /** Index into USERS; absent: root. */
  readonly user?: number;
  /** Absent: 0o22. */
  readonly umask?: number;
  /** Where a descriptor that it answers with is kept. */
  readonly keep?: number;
}

export interface Identity {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** Who calls: root, its own group's user, a user in that group too, and one whose main group is another's. */
export const USERS: readonly Identity[] = [
  { uid: 0, gid: 0, groups: [0] },
  { uid: 1001, gid: 1001, groups: [] },
  { uid: 1002, gid: 1002, groups: [1001] },
  { uid: 1003, gid: 1001, groups: [1002, 0] },
];

/** Slots of kept descriptors: files first, then directory streams. */
export const FILE_SLOTS = [0, 1, 2, 3, 4, 5] as const;
export const STREAM_SLOTS = [6, 7] as const;

export const DEFAULT_UMASK = 0o22;
