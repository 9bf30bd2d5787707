/** How the tour's text looks: wrapped to a width, coloured only where that is wanted. Plain text stays the same text. */

export type Colour = "bold" | "dim" | "red" | "green" | "yellow";

const CODES: Readonly<Record<Colour, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 };

export class Style {
  constructor(
    /** Columns of the terminal. */
    readonly width: number,
    private readonly coloured: boolean,
  ) {}

  paint(colour: Colour, text: string): string {
    return this.coloured && text !== "" ? `\x1b[${CODES[colour]}m${text}\x1b[0m` : text;
  }

  /**
   * Paragraphs, parted by blank lines, each filled; the first line begins with `first`, all others
   * with `rest`.
   */
  fill(text: string, first = "", rest = first): string {
    return text.trim().split(/\n\n/).map((part, i) => this.#paragraph(part, i === 0 ? first : rest, rest)).join("\n\n");
  }

  #paragraph(text: string, first: string, rest: string): string {
    const width = Math.min(this.width, 80) - 1;
    const lines: string[] = [];
    let line = first;
    let isEmpty = true;
    for (const word of text.split(/\s+/)) {
      if (!isEmpty && line.length + 1 + word.length > width) {
        lines.push(line);
        line = rest;
        isEmpty = true;
      }
      line += isEmpty ? word : ` ${word}`;
      isEmpty = false;
    }
    return [...lines, line].join("\n");
  }
}

/** Cuts text to `width`, with dots where something is missing. */
export function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 3))}...`;
}

/** A command as it is typed, broken at blanks outside of quotes with backslashes where it is too long for a line. */
export function typed(command: string, width: number): string {
  const lines: string[] = [];
  let line = "  $";
  for (const word of command.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? []) {
    if (line.length + 1 + word.length + 2 > width && line.length > 5) {
      lines.push(`${line} \\`);
      line = "     ";
    }
    line += ` ${word}`;
  }
  return [...lines, line].join("\n");
}
