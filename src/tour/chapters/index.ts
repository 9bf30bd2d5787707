/** The chapters of the tour, in their order. Each stands by itself. */
import type { Chapter } from "../lesson.js";
import { copyUp } from "./copy-up.js";
import { hardLinks } from "./hard-links.js";
import { layers } from "./layers.js";
import { life } from "./life.js";
import { manyLayers } from "./many-layers.js";
import { newFile } from "./new-file.js";
import { opaque } from "./opaque.js";
import { rename } from "./rename.js";
import { whiteouts } from "./whiteouts.js";
import { work } from "./work.js";

export const chapters: readonly Chapter[] = [layers, newFile, copyUp, whiteouts, opaque, work, life, rename, hardLinks, manyLayers];
