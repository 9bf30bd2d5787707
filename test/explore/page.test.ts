/** The page of `ovlfs explore` in a real browser: what it shows, what it does as the mount changes, and who can use it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser as Chromium } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, type TestContext } from "vitest";
import { dir, file, opaque, symlink, whiteout } from "../harness/layers.js";
import { kernel, ovlfs, type Mounter } from "../harness/mounters.js";
import { OverlayFixture, type Stack } from "../harness/overlay-fixture.js";
import { Browser, browserMissing, startChromium, type Taste } from "./browser.js";
import * as container from "./container.js";
import { Explorer } from "./explorer.js";

const base = dir({
  bin: dir({ sh: symlink("bash"), bash: file("x".repeat(125_640)) }), etc: dir({ motd: file("Welcome.\n"), passwd: file("root\n"), hosts: file("127.0.0.1\n") }),
  var: dir({ cache: dir({ old: file("old") }) }),
});
const init = dir({ dev: dir({ console: file("") }), etc: dir({ hosts: file("") }) });
const upper = dir({ etc: dir({ hosts: whiteout() }), var: dir({ cache: opaque({ fresh: file("fresh") }) }) });

let chromium: Chromium | null;
let fixture: OverlayFixture;
let explorer: Explorer;
let browser: Browser;

beforeAll(async () => { chromium = await startChromium(); });
afterAll(() => chromium?.close());

async function open(context: TestContext, mounter: Mounter, taste: Taste = {}, stack: Stack = { lowers: [init, base], upper }, path = ""): Promise<void> {
  const missing = browserMissing() ?? mounter.unavailable();
  if (missing !== null || chromium === null) return context.skip(missing ?? "Chromium does not start");
  fixture = new OverlayFixture(mounter, stack);
  fixture.start();
  explorer = await Explorer.start([fixture.merged.path + path], fixture.place);
  browser = await Browser.open(chromium, explorer, taste);
}

async function close(): Promise<void> {
  await browser.close();
  explorer.kill();
  expect(browser.complaints).toEqual([]);
  expect(fixture.lowerChanges()).toEqual([]);
  fixture.end();
}

describe.each([kernel, ovlfs].map((mounter) => ({ mounter, name: mounter.name })))("the page, of a mount by $name", ({ mounter }) => {
  beforeEach((context) => open(context, mounter));
  afterEach(close);

  it("an edit travels from the lower to the upper", async () => {
    await browser.unfold("etc", "motd");
    expect(await browser.chip("motd", 0).count()).toBe(0);
    expect(await browser.chip("motd", 2).getAttribute("class")).toContain("is-shown");
    const travelled = browser.page.waitForSelector(".traveller", { state: "attached" }).then((traveller) => traveller.evaluate((element) => {
      const row = document.getElementById("rows")!.getBoundingClientRect();
      return { moves: element.getAnimations().length > 0, from: element.getBoundingClientRect().left - row.left, to: parseFloat((element as HTMLElement).style.left) };
    }));
    fixture.merged.append("etc/motd", "edited\n");
    const { moves, from, to } = await travelled;
    expect([moves, from > to]).toEqual([true, true]);
    await browser.page.locator(".traveller").waitFor({ state: "detached" });
    expect(await browser.chip("motd", 0).getAttribute("class")).toContain("is-shown");
    expect(await browser.chip("motd", 2).getAttribute("class")).toContain("is-hidden");
    await expect.poll(async () => (await browser.events()).join("\n")).toMatch(/copy-up etc\/motd from lower 2/);
  });

  it("a deletion leaves its whiteout in the upper", async () => {
    await browser.unfold("etc", "motd");
    fixture.merged.unlink("etc/passwd");
    await browser.chip("passwd", 0).waitFor();
    expect(await browser.chip("passwd", 0).innerText()).toBe("whiteout");
    expect(await browser.chip("passwd", 2).getAttribute("class")).toContain("is-hidden");
    await expect(browser.row("passwd").innerText()).resolves.toContain("deleted");
    await expect.poll(async () => (await browser.events()).join("\n")).toContain("whiteout etc/passwd");
  });

  it("what is made appears in its place, and goes again", async () => {
    await browser.unfold("etc", "motd");
    fixture.merged.write("etc/nsswitch", "x");
    await browser.chip("nsswitch", 0).waitFor();
    const names = await browser.page.locator("#rows > .row").evaluateAll((rows) =>
      rows.toSorted((a, b) => Number(a.getAttribute("aria-rowindex")) - Number(b.getAttribute("aria-rowindex"))).map((row) => row.querySelector("bdi")!.textContent));
    expect(names).toEqual(["bin", "dev", "etc", "hosts", "motd", "nsswitch", "passwd", "var"]);
    fixture.merged.unlink("etc/nsswitch");
    await browser.row("nsswitch").waitFor({ state: "detached" });
  });

  it("a change in a directory that the upper did not have is seen there", async () => {
    await browser.unfold("bin", "bash");
    fixture.merged.append("bin/bash", "more");
    await browser.chip("bash", 0).waitFor();
    expect(await browser.chip("bin", 0).innerText()).toBe("dir");
    await expect.poll(async () => (await browser.events()).join("\n")).toMatch(/copy-up bin\/bash from lower 2/);
  });
});

describe("the page", () => {
  afterEach(close);

  it("opens the directories in which a mount of ovlfs changes something, if that is wanted", async (context) => {
    await open(context, ovlfs);
    expect(await browser.page.locator("#live").getAttribute("data-kind")).toBe("trace");
    await browser.page.getByLabel("follow changes").uncheck();
    fixture.merged.append("etc/motd", "more");
    await expect.poll(async () => (await browser.events()).join("\n")).toMatch(/write etc\/motd .*copy-up etc\/motd from lower 2/s);
    expect(await browser.row("motd").count()).toBe(0);
    await browser.page.getByLabel("follow changes").check();
    const travelled = browser.page.waitForSelector(".traveller", { state: "attached" });
    fixture.merged.append("bin/bash", "more");
    await browser.chip("bash", 0).waitFor();
    await travelled;
    await browser.page.getByRole("button", { name: /etc\/motd from/ }).click();
    await browser.activeIs("motd");
  });

  it("of 60 layers it shows the one that the active row is from", async (context) => {
    const many = Array.from({ length: 60 }, (_, i) => dir({ d: dir(), [`from ${i + 1}`]: file("x") }));
    await open(context, kernel, {}, { lowers: many, upper: dir() });
    await expect.poll(() => browser.page.locator("#explanation-body .answer").innerText()).toMatch(/merged: lower 1 to 60;/);
    await browser.grid.focus();
    for (const [key, name, layer] of [["End", "from 9", 9], ["ArrowUp", "from 8", 8], ["Home", "d", 1]] as const) {
      await browser.press(key);
      await browser.activeIs(name);
      const [chip, grid] = [await browser.chip(name, layer).boundingBox(), await browser.grid.boundingBox()];
      expect([name, chip!.x > grid!.x + 280, chip!.x + chip!.width < grid!.x + grid!.width]).toEqual([name, true, true]);
    }
  });

  it("says that the overlay was unmounted", async (context) => {
    await open(context, ovlfs);
    fixture.unmount();
    await expect.poll(() => browser.events()).toEqual(["ended the overlay was unmounted"]);
    expect(await browser.page.locator("#live-words").innerText()).toBe("the overlay was unmounted");
    fixture.mount();
  });

  it("shows a directory that was renamed, and where its lower is", async (context) => {
    await open(context, ovlfs, {}, { lowers: [dir(), dir({ old: dir({ child: file("child") }) })], upper, options: ["redirect_dir=on"] });
    fixture.merged.rename("old", "moved");
    await browser.chip("moved", 0).waitFor();
    expect(await browser.chip("moved", 0).innerText()).toContain("redirect");
    await browser.unfold("moved", "child");
    expect(await browser.chip("child", 2).getAttribute("class")).toContain("is-shown");
    expect((await browser.events()).join("\n")).toMatch(/redirect old -> moved/);
  });

  it("tells what hides a name where the pointer or the focus is", async (context) => {
    await open(context, kernel);
    await browser.unfold("etc", "motd");
    await browser.row("hosts").hover();
    const explanation = browser.page.locator("#explanation-body");
    await expect.poll(() => explanation.innerText()).toMatch(/^\/etc\/hosts\n/);
    expect(await explanation.innerText()).toMatch(/whiteout/);
    await browser.grid.focus();
    await browser.press("End", "ArrowRight");
    await browser.row("cache").waitFor();
    await browser.press("ArrowDown");
    await expect.poll(() => explanation.innerText()).toMatch(/^\/var\/cache\n/);
    expect(await explanation.innerText()).toMatch(/opaque/);
  });

  it("opens at the path that was asked for", async (context) => {
    await open(context, kernel, {}, undefined, "/var/cache");
    await browser.activeIs("cache");
    await browser.row("fresh").waitFor();
  });

  it("is used by keys as a tree, with the focus to be seen", async (context) => {
    await open(context, kernel);
    await browser.press("Tab", "Tab", "Tab");
    expect(await browser.page.evaluate(() => document.activeElement?.id)).toBe("grid");
    expect(await browser.grid.getAttribute("role")).toBe("treegrid");
    const outline = browser.page.locator("#rows > .active");
    expect(await outline.evaluate((row) => getComputedStyle(row).outlineStyle)).toBe("solid");
    await browser.activeIs("bin");
    await browser.press("ArrowDown", "ArrowDown");
    await browser.activeIs("etc");
    await browser.press("ArrowRight");
    await browser.row("motd").waitFor();
    expect(await browser.row("etc").getAttribute("aria-expanded")).toBe("true");
    await browser.press("ArrowRight", "ArrowDown");
    await browser.activeIs("motd");
    expect(await browser.row("motd").getAttribute("aria-level")).toBe("2");
    const named = await browser.grid.getAttribute("aria-activedescendant");
    expect(await browser.page.locator(`#${named!}`).innerText()).toContain("motd");
    await browser.press("ArrowLeft");
    await browser.activeIs("etc");
    await browser.press("ArrowLeft");
    await browser.row("motd").waitFor({ state: "detached" });
    await browser.press("v");
    await browser.activeIs("var");
    await browser.press("Enter", "Home");
    await browser.row("cache").waitFor();
    await browser.activeIs("bin");
  });

  it.for(["light", "dark"] as const)("can be read in %s colours: each text has a contrast of 4.5", async (colorScheme, context) => {
    await open(context, kernel, { colorScheme }, { lowers: [...Array.from({ length: 8 }, (_, i) => dir({ [`own ${i}`]: file("x"), shadowed: file(`${i}`) })), base], upper });
    await browser.unfold("var", "cache");
    await browser.unfold("etc", "motd");
    fixture.merged.append("etc/motd", "more");
    await browser.chip("motd", 0).waitFor();
    fixture.merged.unlink("etc/passwd");
    await browser.chip("passwd", 0).waitFor();
    await browser.page.locator(".traveller").waitFor({ state: "detached" });
    expect(await browser.lowContrast()).toEqual([]);
    await browser.row("shadowed").hover();
    expect(await browser.lowContrast()).toEqual([]);
  });

  it("nothing moves for who asked for less motion, and what changed is marked all the same", async (context) => {
    await open(context, kernel, { reducedMotion: "reduce" });
    await browser.unfold("etc", "motd");
    await browser.page.evaluate(() => {
      new MutationObserver((records) => {
        for (const { addedNodes } of records) for (const node of addedNodes) if (node instanceof Element && node.matches(".traveller, .way")) document.body.dataset["moved"] = "";
      }).observe(document.body, { childList: true, subtree: true });
    });
    fixture.merged.append("etc/motd", "edited\n");
    await browser.page.locator("[data-changed=copy-up]").waitFor();
    expect(await browser.page.evaluate(() => document.getAnimations().length)).toBe(0);
    fixture.merged.unlink("etc/passwd");
    await browser.page.locator("[data-changed=whiteout]").waitFor();
    expect(await browser.page.evaluate(() => [document.getAnimations().length, document.body.dataset["moved"]])).toEqual([0, undefined]);
  });

  it("names are text, whatever they hold", async (context) => {
    const evil = "<img src=x onerror=document.body.dataset.evil=1>";
    const names: Readonly<Record<string, string>> = {
      [evil]: evil, "\xff\xfe": "\\xff\\xfe", "caf\xc3\xa9": "café", "a\nb": "a\\x0ab", "\xe2\x80\xaetxt.exe": "\\xe2\\x80\\xaetxt.exe",
      "&amp;": "&amp;", "%2e%2e": "%2e%2e", "a?b#c+d": "a?b#c+d", "</bdi><script>": "</bdi><script>".replace("/", "|"),
    };
    const plain = Object.entries(names).filter(([name]) => !name.includes("/"));
    const nodes = Object.fromEntries(plain.map(([name]) => [name, name === evil ? dir({ [`${evil}2`]: file("") }) : file("")]));
    await open(context, kernel, {}, { lowers: [dir(), dir(nodes)], upper });
    for (const [name, text] of plain) {
      await browser.row(text).waitFor();
      await browser.row(text).hover();
      await expect.poll(() => browser.page.locator("#explanation-body .path").textContent()).toBe(`/${text}`);
      expect((await explorer.row(name))?.name).toBe(name);
    }
    await browser.row(evil).click();
    await browser.row(`${evil}2`).waitFor();
    fixture.merged.append(`${evil}/${evil}2`, "more");
    fixture.merged.append("\xff\xfe", "more");
    await browser.chip("\\xff\\xfe", 0).waitFor();
    await browser.chip(`${evil}2`, 0).waitFor();
    await expect.poll(async () => (await browser.events()).filter((line) => line.startsWith("copy-up")).length).toBeGreaterThanOrEqual(2);
    expect(await browser.page.evaluate(() => [document.body.dataset["evil"], document.querySelectorAll("img").length])).toEqual([undefined, 1]);
  });

  it("opens a directory of 100,000 files, and draws those in sight", { timeout: 180_000 }, async (context) => {
    const count = 100_000;
    const many = dir(Object.fromEntries(Array.from({ length: count }, (_, i) => [`file ${String(i).padStart(5, "0")}`, file()])));
    await open(context, kernel, {}, { lowers: [dir(), dir({ many })], upper });
    await browser.row("many").click();
    await browser.row("file 00000").waitFor();
    await expect.poll(() => browser.grid.getAttribute("aria-rowcount"), { timeout: 60_000 }).toBe(String(count + 4));
    await browser.grid.focus();
    await browser.press("End", "ArrowUp");
    await browser.activeIs("file 99999");
    expect(await browser.page.locator("#rows > .row").count()).toBeLessThan(100);
    fixture.merged.append("many/file 99999", "more");
    await browser.chip("file 99999", 0).waitFor();
  });

  it("says so when the explorer is gone", async (context) => {
    await open(context, kernel);
    await explorer.interrupt();
    await browser.page.locator("#live[data-kind=lost]").waitFor();
    expect(await browser.page.locator("#live-words").innerText()).toContain("lost");
    // The browser itself complains that it cannot connect.
    browser.complaints.length = 0;
  });

  it.for(["light", "dark"] as const)("is photographed before, during and after an edit and a deletion, in %s colours", async (colorScheme, context) => {
    await open(context, ovlfs, { colorScheme }, container);
    await browser.page.setViewportSize({ width: 1240, height: 760 });
    await browser.unfold("etc", "motd");
    await browser.row("motd").click();
    const pictures = new Map([["before", await browser.photograph()]]);
    fixture.merged.append("etc/motd", "edited\n");
    await browser.page.waitForFunction(() => {
      const traveller = document.querySelector<HTMLElement>(".traveller");
      return traveller !== null && Number(traveller.getAnimations()[0]?.currentTime) > 350;
    });
    pictures.set("during", await browser.photograph());
    fixture.merged.unlink("etc/passwd");
    await browser.page.locator(".traveller").waitFor({ state: "detached" });
    await browser.page.locator("[data-changed]").first().waitFor({ state: "detached" });
    pictures.set("after", await browser.photograph());
    expect(new Set([...pictures.values()].map((picture) => picture.toString("base64"))).size).toBe(3);
    const album = process.env["OVLFS_SCREENSHOTS"];
    if (album !== undefined) for (const [name, picture] of pictures) writeFileSync(join(album, `explore-${name}-${colorScheme}.png`), picture);
  });
});
