/** The facts that steps claim, each with its words and its test. Paths begin with a directory: `upper/etc/motd`. */
import { bytes } from "../sys/bytes.js";
import type { Claim } from "./lesson.js";
import { markName } from "./situation.js";

/** Something stands there. */
export function there(path: string): Claim {
  return { text: `${path} is there`, holds: (scene) => scene.at(path) !== undefined };
}

/** Nothing stands there. */
export function gone(path: string): Claim {
  return { text: `there is no ${path}`, holds: (scene) => scene.at(path) === undefined };
}

/** A file with this text. */
export function reads(path: string, text: string): Claim {
  const shown = text === "" ? `${path} is an empty file` : `${path} reads ${JSON.stringify(text)}`;
  return {
    text: shown,
    holds: (scene) => {
      const entry = scene.at(path);
      return entry?.kind === "file" && entry.text === text && entry.size === BigInt(Buffer.byteLength(text));
    },
  };
}

export function directory(path: string): Claim {
  return { text: `${path} is a directory`, holds: (scene) => scene.at(path)?.kind === "directory" };
}

/** The top of a directory tree with nothing below. */
export function empty(path: string): Claim {
  return {
    text: `${path} is empty`,
    holds: (scene) => scene.at(path)?.kind === "directory" && ![...scene.pictures].some(([root, picture]) =>
      [...picture.keys()].some((below) => `${root}/${below}`.startsWith(`${path}/`) && below !== "")),
  };
}

export function whiteout(path: string): Claim {
  return { text: `${path} is a character device 0, 0`, holds: (scene) => scene.at(path)?.kind === "whiteout" };
}

export function mode(path: string, letters: string): Claim {
  return { text: `${path} has the mode ${letters}`, holds: (scene) => scene.at(path)?.mode === letters };
}

/** An overlay xattr of this value, or any value. */
export function marked(path: string, name: string, value?: string): Claim {
  const shown = value === undefined ? "" : `="${value}"`;
  return {
    text: (situation) => `${path} has ${markName(situation, name)}${shown}`,
    holds: (scene) => {
      const found = scene.at(path)?.marks.get(markName(scene.situation, name));
      return found !== undefined && (value === undefined || found === bytes(value));
    },
  };
}

export function unmarked(path: string, name: string): Claim {
  return {
    text: (situation) => `${path} has no ${markName(situation, name)}`,
    holds: (scene) => scene.at(path)?.marks.has(markName(scene.situation, name)) === false,
  };
}

/** Modified at the same time, to the nanosecond. */
export function sameTime(path: string, other: string): Claim {
  return {
    text: `${path} and ${other} have one modification time`,
    holds: (scene) => scene.at(path) !== undefined && scene.at(path)?.modified === scene.at(other)?.modified,
  };
}

/** As a program sees it that was told the number before. */
export function sameNumber(path: string, other: string): Claim {
  return {
    text: `${path} shows the inode number of ${other}`,
    holds: (scene) => scene.at(path) !== undefined && scene.at(path)?.inode === scene.at(other)?.inode,
  };
}

/** Two names of one file. */
export function oneFile(path: string, other: string): Claim {
  return {
    text: `${path} and ${other} are one file`,
    holds: (scene) => scene.at(path) !== undefined && scene.at(path)?.inode === scene.at(other)?.inode,
  };
}

export function twoFiles(path: string, other: string): Claim {
  return {
    text: `${path} and ${other} are two files`,
    holds: (scene) => {
      const [one, two] = [scene.at(path), scene.at(other)];
      return one !== undefined && two !== undefined && one.inode !== two.inode;
    },
  };
}

export const mounted: Claim = { text: "merged is mounted", holds: (scene) => scene.isMounted };
export const unmounted: Claim = { text: "merged is not mounted", holds: (scene) => !scene.isMounted };

/** A command of the step printed this. */
export function printed(text: string): Claim {
  return { text: `it printed ${JSON.stringify(text)}`, holds: (scene) => scene.printed.includes(text) };
}
