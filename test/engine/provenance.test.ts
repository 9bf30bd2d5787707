/** Which layer gives an object, where its data is, and what it was copied up from. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { describeLayer, layerWords, type Provenance, type RealPlace } from "../../src/engine/provenance.js";
import { bytes, display } from "../../src/sys/bytes.js";
import { Fixture, isRoot, name, ROOT } from "./fixture.js";

describe.runIf(isRoot)("where an object comes from", () => {
  let overlay: Fixture;
  beforeEach(() => { overlay = new Fixture(3); });
  afterEach(() => { overlay.close(); });

  /** `lower 1 lower1/f`: paths from the place of the test. */
  function words(place: RealPlace | "unknown" | null): string | null {
    if (place === null || place === "unknown") return place;
    return `${layerWords(place.layer)} ${place.path === null ? "?" : display(place.path).replace(`${overlay.base}/`, "")}`;
  }

  function provenance(path: string): Provenance { return overlay.engine.provenance(overlay.at(path)); }
  const top = (path: string): string | null => words(provenance(path).top);
  const origin = (path: string): string | null => words(provenance(path).origin);

  test("a file is that of the topmost layer which has it, and has no origin there", () => {
    overlay.file("lower1", "d/one");
    overlay.file("lower2", "d/one");
    overlay.file("lower2", "d/two");
    overlay.file("upper", "own");
    expect(["d/one", "d/two", "own"].map(top)).toEqual(["lower 1 lower1/d/one", "lower 2 lower2/d/two", "upper upper/own"]);
    expect(["d/one", "d/two", "own"].map(origin)).toEqual([null, null, null]);
    expect(provenance("own").data).toBe(null);
  });

  test("a merged directory is that of its topmost layer, its origin the topmost lower", () => {
    overlay.directory("lower1", "d");
    overlay.directory("lower2", "d");
    expect([top("d"), origin("d")]).toEqual(["lower 1 lower1/d", null]);
    overlay.engine.setattr(overlay.at("d"), { mode: 0o700 });
    expect([top("d"), origin("d")]).toEqual(["upper upper/d", "lower 1 lower1/d"]);
    expect([top("/"), origin("/")]).toEqual(["upper upper", "lower 1 lower1"]);
  });

  test("a copied-up file says from where, after a rename and after another mount too", () => {
    overlay.file("lower2", "d/f", "content");
    overlay.engine.setattr(overlay.at("d/f"), { mode: 0o600 });
    expect([top("d/f"), origin("d/f")]).toEqual(["upper upper/d/f", "lower 2 lower2/d/f"]);
    overlay.engine.rename(overlay.at("d"), name("f"), overlay.engine.root, name("g"), 0);
    expect([top("g"), origin("g")]).toEqual(["upper upper/g", "lower 2 lower2/d/f"]);
    overlay.engine.rename(overlay.engine.root, name("g"), overlay.at("d"), name("f"), 0);
    overlay.reopen();
    expect(origin("d/f")).toBe("lower 2 lower2/d/f");
  });

  test("an origin that no lower has any more is unknown", () => {
    overlay.file("lower2", "f", "content");
    overlay.engine.setattr(overlay.at("f"), { mode: 0o600 });
    overlay.engine.close();
    overlay.run("rm", overlay.path("lower2", "f"));
    overlay.reopen();
    expect([top("f"), origin("f")]).toEqual(["upper upper/f", "unknown"]);
  });

  test("a metacopy says where its data is, a data-only layer included", () => {
    overlay.file("lower2", "f", "content");
    overlay.open({ ...overlay.options, metacopy: true });
    overlay.engine.setattr(overlay.at("f"), { mode: 0o600 });
    expect([top("f"), words(provenance("f").data), origin("f")]).toEqual(["upper upper/f", "lower 2 lower2/f", "lower 2 lower2/f"]);
    overlay.write(overlay.at("f"), "C");
    expect(provenance("f").data).toBe(null);

    overlay.file("lower2", "m");
    overlay.run("truncate", "-s", "4", overlay.path("lower2", "m"));
    overlay.run("setfattr", "-n", "trusted.overlay.metacopy", overlay.path("lower2", "m"));
    overlay.run("setfattr", "-n", "trusted.overlay.redirect", "-v", "/store/x", overlay.path("lower2", "m"));
    overlay.file("lower3", "store/x", "data");
    overlay.reopenWith({ ...overlay.options, lower: ["lower1", "lower2"].map((layer) => overlay.bytes(layer)), dataOnly: [overlay.bytes("lower3")] });
    expect([top("m"), words(provenance("m").data)]).toEqual(["lower 2 lower2/m", "data 1 lower3/store/x"]);
  });

  test("with an index each name of a file leads to one that the upper has", () => {
    overlay.file("lower1", "a", "content");
    overlay.run("ln", overlay.path("lower1", "a"), overlay.path("lower1", "b"));
    overlay.open({ ...overlay.options, index: true });
    overlay.write(overlay.at("b"), "C");
    expect([top("a"), top("b")]).toEqual(["upper upper/b", "upper upper/b"]);
    expect(origin("b")).toBe("lower 1 lower1/b");
  });

  test("what was removed and is still held has no path", () => {
    overlay.file("lower1", "f");
    const made = overlay.engine.create(overlay.engine.root, name("n"), 0o600, ROOT);
    if (typeof made === "number") throw new Error("not made");
    overlay.engine.unlink(overlay.engine.root, name("n"));
    expect(overlay.engine.provenance(made).top).toMatchObject({ layer: { kind: "upper" }, path: null });
  });

  test("a layer is told with its directory, whatever bytes that has", () => {
    overlay.file("lower1", "f");
    expect(describeLayer(provenance("f").top.layer)).toBe(`lower 1 (${overlay.path("lower1")})`);
    overlay.engine.close();
    const odd = Buffer.from([0x2f, 0xff]).toString("latin1");
    overlay.run("sh", "-c", "mkdir \"$1\"/$(printf '\\377') && touch \"$1\"/$(printf '\\377')/g", "sh", overlay.base);
    overlay.reopenWith({ lower: [`${bytes(overlay.base)}${odd}` as ReturnType<typeof bytes>] });
    expect(provenance("g").top.path).toBe(`${bytes(overlay.base)}${odd}/g`);
  });
});
