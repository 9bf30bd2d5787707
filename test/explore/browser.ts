/** A headless Chromium with the page of an explorer, and what is to be seen in it. */
import { existsSync } from "node:fs";
import { chromium, type Browser as Chromium, type Locator, type Page } from "playwright-core";
import { expect } from "vitest";
import type { Explorer } from "./explorer.js";

const CHROMIUM = "/usr/bin/chromium";
const args = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

/** Why there is no browser here, or null. */
export function browserMissing(): string | null {
  return existsSync(CHROMIUM) ? null : `there is no ${CHROMIUM} (Debian: chromium)`;
}

/** Starts it, with a profile of its own; null where there is none. */
export async function startChromium(): Promise<Chromium | null> {
  return browserMissing() === null ? chromium.launch({ executablePath: CHROMIUM, headless: true, args }) : null;
}

export interface Taste {
  readonly colorScheme?: "light" | "dark";
  readonly reducedMotion?: "reduce" | "no-preference";
}

export class Browser {
  /** Sentences of what went wrong in the page, and addresses it asked that are not its server's. */
  readonly complaints: string[] = [];

  private constructor(readonly page: Page) {}

  static async open(running: Chromium, explorer: Explorer, taste: Taste = {}): Promise<Browser> {
    const page = await running.newPage({ viewport: { width: 1360, height: 800 }, reducedMotion: "no-preference", ...taste });
    const browser = new Browser(page);
    page.on("console", (message) => browser.complaints.push(message.text()));
    page.on("pageerror", (error) => browser.complaints.push(error.message));
    page.on("dialog", (dialog) => { browser.complaints.push(`dialog: ${dialog.message()}`); void dialog.dismiss(); });
    page.on("request", (request) => { if (!request.url().startsWith(explorer.address.href)) browser.complaints.push(`asked ${request.url()}`); });
    await page.goto(explorer.address.href);
    await page.locator("#live:is([data-kind=watch], [data-kind=trace], [data-kind=none])").waitFor();
    return browser;
  }

  /** With all that it kept. */
  close(): Promise<void> { return this.page.context().close(); }

  get grid(): Locator { return this.page.locator("#grid"); }
  /** The row of a name as it is shown; names in these tests are unlike each other. */
  row(text: string): Locator { return this.page.locator("#rows > [role=row]").filter({ has: this.page.getByText(text, { exact: true }) }); }
  /** What the layer at that position has in a row. */
  chip(text: string, layer: number): Locator { return this.row(text).locator(`[data-layer="${layer}"] .chip`); }

  /** Waits until the active row is that of a name. */
  async activeIs(text: string): Promise<void> {
    await expect.poll(() => this.page.locator("#rows > .active bdi").innerText()).toBe(text);
  }

  /** Opens a directory by a click, and waits until it shows that name. */
  async unfold(text: string, child: string): Promise<void> {
    await this.row(text).click();
    await this.row(child).waitFor();
  }

  /** The page as it is at this moment. */
  photograph(): Promise<Buffer> { return this.page.screenshot({ animations: "allow" }); }

  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  /** The events, newest first, each as one line. */
  async events(): Promise<string[]> {
    return (await this.page.locator("#events > li").allInnerTexts()).map((text) => text.replace(/\s+/g, " ").trim());
  }

  /** Each text in sight whose contrast to its ground is below 4.5, as WCAG 2 has it. */
  lowContrast(): Promise<string[]> {
    return this.page.evaluate(findLowContrast);
  }
}

/** Runs in the page. */
function findLowContrast(): string[] {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;
  const pixel = (...colours: string[]): number[] => {
    context.clearRect(0, 0, 1, 1);
    for (const colour of colours) {
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
    }
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (channels: number[]): number => {
    const [red, green, blue] = channels.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  };
  const faults: string[] = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement!;
    const text = node.textContent!.trim();
    if (text === "" || !element.checkVisibility() || element.closest(".unseen, noscript, script") !== null) continue;
    const grounds: string[] = [];
    for (let above: Element | null = element; above !== null; above = above.parentElement) grounds.unshift(getComputedStyle(above).backgroundColor);
    const ground = pixel("white", ...grounds);
    const [ink, paper] = [luminance(pixel(`rgb(${ground.slice(0, 3).join(" ")})`, getComputedStyle(element).color)), luminance(ground)];
    const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    if (contrast < 4.5) faults.push(`${text}: ${contrast.toFixed(2)}`);
  }
  return faults;
}
