/** Who gets an answer from `ovlfs explore`, and that none of its answers costs the layers anything. */
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Place } from "../cli-mount/command.js";
import { dir, file, whiteout } from "../harness/layers.js";
import { snapshot, type Snapshot } from "../harness/snapshot.js";
import { Explorer } from "./explorer.js";

let place: Place;
let explorer: Explorer;
let before: readonly Snapshot[];

beforeEach(async () => {
  place = new Place({ lower: dir({ kept: file("kept"), gone: file("gone"), d: dir({ f: file("f") }) }), upper: dir({ gone: whiteout(), new: file("new") }) });
  before = layers();
  explorer = await Explorer.start(["--lower", "lower", "--upper", "upper"], place.path);
});

afterEach(() => {
  explorer.kill();
  expect(layers()).toEqual(before);
  place.end();
});

describe("the server of explore", () => {
  it("listens on loopback alone", async () => {
    const others = Object.values(networkInterfaces()).flat().filter((address) => address?.family === "IPv4" && !address.internal);
    for (const { address } of [{ address: "127.0.0.2" }, ...others.map((other) => other!)]) {
      await expect(connected(address, Number(explorer.address.port))).resolves.toBe(false);
    }
    await expect(connected("127.0.0.1", Number(explorer.address.port))).resolves.toBe(true);
  });

  it("gives the page, its files and answers to who has the token", async () => {
    for (const path of ["", "index.html", "style.css", "main.js", "tree.js", "icon.svg", "api/overview", "api/directory?path=d", "api/row?path=kept", "api/explain?path=kept"]) {
      expect([path, (await explorer.ask(path)).status]).toEqual([path, 200]);
    }
  });

  it("answers nothing without the token, or with one that is nearly right", async () => {
    const token = explorer.address.pathname.slice(1, -1);
    expect(token.length).toBeGreaterThanOrEqual(43);
    const nearly = `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`;
    for (const path of ["/", "/api/overview", "/index.html", "/events", `/${nearly}/`, `/${nearly}/api/overview`, `/${token}x/api/overview`, `/${token}`, "//", `/?${token}`, `/x/${token}/`]) {
      const { status, text } = await explorer.ask(path);
      expect([path, status]).toEqual([path, 404]);
      expect(text).not.toContain(token);
    }
  });

  it("two have different tokens", async () => {
    const other = await Explorer.start(["--lower", "lower"], place.path);
    expect(other.address.pathname).not.toBe(explorer.address.pathname);
    expect((await other.ask(explorer.address.pathname)).status).toBe(404);
    expect(await other.interrupt()).toBe(0);
  });

  it("refuses a page whose domain was rebound to this machine, token or not", async () => {
    for (const host of ["evil.example", "evil.example:80", "127.0.0.1.evil.example", `[::1]:${explorer.address.port}`, "0.0.0.0", "127.0.0.1@evil.example"]) {
      expect([host, (await explorer.ask("api/overview", { host })).status]).toEqual([host, 421]);
    }
    expect((await explorer.ask("api/overview", { host: `localhost:${explorer.address.port}` })).status).toBe(200);
  });

  it.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "MKCOL", "MOVE"])("%s is refused and changes nothing", async (method) => {
    for (const path of ["", "api/overview", "api/row?path=kept", "api/directory?path=d", "events", "/"]) {
      const { status, headers } = await explorer.ask(path, { method, body: "path=kept" });
      expect([path, status, headers["allow"]]).toEqual([path, 405, "GET, HEAD"]);
    }
    expect(layers()).toEqual(before);
  });

  it("HEAD has the head of GET and no more", async () => {
    for (const path of ["", "style.css", "api/overview"]) {
      const [got, head] = [await explorer.ask(path), await explorer.ask(path, { method: "HEAD" })];
      expect(head).toMatchObject({ status: 200, text: "", headers: { "content-length": String(Buffer.byteLength(got.text)) } });
    }
    expect((await explorer.ask("events", { method: "HEAD" })).headers["content-type"]).toBe("text/event-stream");
  });

  it("no answer is kept, and the page may load and run nothing from elsewhere", async () => {
    for (const path of ["", "main.js", "api/overview", "nothing", "/"]) {
      const { headers } = await explorer.ask(path);
      expect(headers).toMatchObject({ "cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "cross-origin-resource-policy": "same-origin" });
      const policy = String(headers["content-security-policy"]).split("; ");
      expect(policy).toEqual(expect.arrayContaining(["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"]));
      expect(policy.join(" ")).not.toMatch(/unsafe|http|\*|data:/);
      expect(headers["access-control-allow-origin"]).toBeUndefined();
    }
  });

  it("no path reaches a file that is not the page's", async () => {
    for (const path of ["../server.js", "..%2fserver.js", "%2e%2e/gate.js", "tsconfig.json", "main.js/", "./main.js", "//etc/passwd"]) {
      expect([path, (await explorer.ask(`${explorer.address.pathname}${path}`)).status]).toEqual([path, 404]);
    }
    for (const path of ["../work", "d/..", ".", "d//f", "/d", "d/", "\u0000", "\u20ac"]) {
      const { status } = await explorer.ask(`api/row?${new URLSearchParams({ path }).toString()}`);
      expect([path, status]).toEqual([path, 400]);
    }
    expect((await explorer.ask("api/directory?from=-1")).status).toBe(400);
    expect((await explorer.ask("api/remove?path=kept")).status).toBe(400);
    expect((await explorer.ask("api/directory?path=kept")).status).toBe(409);
  });

  it("Ctrl-C ends it at once, also while a page listens", async () => {
    await explorer.listen();
    expect(await explorer.interrupt()).toBe(0);
  });
});

function layers(): Snapshot[] {
  return ["lower", "upper"].map((name) => snapshot(place.tree.at(name)));
}

function connected(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once("connect", () => { socket.destroy(); resolve(true); });
    socket.once("error", () => resolve(false));
  });
}
