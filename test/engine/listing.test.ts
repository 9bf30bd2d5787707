import { describe, expect, test } from "vitest";
import { DOT, DOT_DOT, Listing } from "../../src/engine/listing.js";
import { bytes } from "../../src/sys/bytes.js";

const entry = (text: string) => ({ name: bytes(text), type: 8, ino: 1n });
const names = (listing: Listing) => listing.entries.map(({ name }) => name as string);
const many = Array.from({ length: 5000 }, (_, i) => entry(`file-${i}`));

describe("the positions of a listing", () => {
  test("`.` and `..` come first, and positions grow", () => {
    const listing = new Listing([...many, entry(DOT_DOT), entry(DOT)]);
    expect(names(listing).slice(0, 2)).toEqual([".", ".."]);
    for (let i = 1; i < listing.entries.length; i++) {
      expect(listing.entries[i]!.cookie).toBeGreaterThan(listing.entries[i - 1]!.cookie);
    }
    expect(Number.isSafeInteger(listing.entries.at(-1)!.cookie)).toBe(true);
  });

  test("a name has the same position in every listing of the directory", () => {
    const whole = new Listing(many);
    const half = new Listing(many.filter((_, i) => i % 2 === 0));
    for (const { name, cookie } of half.entries) {
      expect(whole.entries[whole.indexAfter(cookie - 1)]).toMatchObject({ name, cookie });
    }
  });

  test("a reader that stops and goes on while names come and go sees each lasting name once", () => {
    const listing = new Listing(many);
    const seen: string[] = [];
    let cookie = 0;
    for (let round = 0; ; round++) {
      const start = listing.indexAfter(cookie);
      const batch = listing.entries.slice(start, start + 97);
      if (batch.length === 0) break;
      seen.push(...batch.map(({ name }) => name as string));
      cookie = batch.at(-1)!.cookie;
      listing.remove(batch[0]!.name);
      listing.add(entry(`new-${round}`));
    }
    const lasting = seen.filter((name) => name.startsWith("file-"));
    expect(lasting.length).toBe(5000);
    expect(new Set(lasting).size).toBe(5000);
  });

  test("adding a name that is there replaces it", () => {
    const listing = new Listing([entry("a")]);
    listing.add({ ...entry("a"), ino: 2n });
    expect(listing.entries).toHaveLength(1);
    expect(listing.entries[0]!.ino).toBe(2n);
  });

  test("removing a name that is not there changes nothing", () => {
    const listing = new Listing(many);
    listing.remove(bytes("nothing"));
    expect(listing.entries).toHaveLength(5000);
  });
});
