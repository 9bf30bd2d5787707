/** Everything that the tour prints: the same text on a terminal and through a pipe, but for colours and the prompt. */
import type { Writable } from "node:stream";
import type { Chapter, Step, View } from "./lesson.js";
import { sideBySide, type Pictures } from "./side-by-side.js";
import { tell, type Situation } from "./situation.js";
import { typed, type Style } from "./style.js";

/** Lines of a command's output that are shown; none of the lesson's prints more. */
const OUTPUT_LINES = 40;

function promptText(commands: number): string {
  return `  [Enter] runs it${commands > 1 ? ` and ${commands - 1} more` : ""}, [q] quits `;
}

export class Printer {
  constructor(private readonly output: Writable, private readonly style: Style, private readonly situation: Situation) {}

  welcome(path: string): void {
    this.#paragraph(`This lesson works in ${path}, on layers that it makes itself. Look around there in another terminal as long as it runs; all of it goes when the tour ends.`);
  }

  chapter(number: number, chapter: Chapter): void {
    const title = `${number}. ${chapter.title}`;
    this.#line(this.style.paint("bold", title));
    this.#line("=".repeat(title.length));
    this.gap();
    this.#paragraph(tell(chapter.intro, this.situation));
  }

  announce(number: string, step: Step): void {
    const title = `${number} ${step.title}`;
    this.#line(this.style.paint("bold", title));
    this.#line("-".repeat(title.length));
    this.gap();
    this.#paragraph(tell(step.say, this.situation));
  }

  skipped(reason: string): void {
    this.#paragraph(`Left out here: ${reason}`);
  }

  command(command: string): void {
    this.#line(this.style.paint("bold", typed(command, this.style.width)));
  }

  printed(output: string): void {
    const lines = output.split("\n").slice(0, -1);
    for (const line of lines.slice(0, OUTPUT_LINES)) this.#line(this.#outputLine(line));
    if (lines.length > OUTPUT_LINES) this.#line(`  ... ${lines.length - OUTPUT_LINES} more lines`);
  }

  pictures(before: Pictures, after: Pictures, lowers: readonly string[], view: View): void {
    this.gap();
    this.#line(sideBySide(before, after, lowers, view, this.style));
  }

  why(step: Step): void {
    this.gap();
    this.#paragraph(tell(step.why, this.situation));
  }

  holds(text: string): void {
    this.#line(`  ${this.style.paint("green", "ok")}${this.style.fill(text, "     ").slice(4)}`);
  }

  summary(chapter: Chapter): void {
    this.#line(this.style.paint("bold", "To remember"));
    this.gap();
    for (const point of chapter.summary) this.#line(this.style.fill(tell(point, this.situation), "  - ", "    "));
    this.gap();
    this.#paragraph(`Read on: ${chapter.reading.join("; ")}.`);
  }

  prompt(commands: number): void {
    this.output.write(this.style.paint("dim", promptText(commands)));
  }

  /** Takes the prompt away. */
  promptDone(commands: number): void {
    this.output.write(`\r${" ".repeat(promptText(commands).length)}\r`);
  }

  left(): void {
    this.#line("The tour was left; everything was cleaned up.");
  }

  end(chapters: number): void {
    this.#line(this.style.fill(`That was the tour: ${chapters === 1 ? "one chapter" : `${chapters} chapters`}, each step checked as it was done. Nothing of it is left.`));
  }

  gap(): void {
    this.output.write("\n");
  }

  /** A line of a command's output as it is; one that is too long goes on below, further to the right. */
  #outputLine(line: string): string {
    const whole = `  ${line}`.trimEnd();
    if (whole.length <= this.style.width) return whole;
    const indent = /^ */.exec(whole)![0];
    return this.style.fill(whole.trim(), indent, `${indent}  `);
  }

  #line(text: string): void {
    this.output.write(`${text}\n`);
  }

  #paragraph(text: string): void {
    this.#line(this.style.fill(text));
    this.gap();
  }
}
