import { expect, test } from "vitest";
import { isPrivate, toLayer, toMerged } from "../../src/engine/xattr-names.js";
import { bytes } from "../../src/sys/bytes.js";

test("an overlay's own xattrs are hidden from the merged tree", () => {
  expect(toMerged(bytes("trusted.overlay.opaque"))).toBeNull();
  expect(isPrivate("trusted.overlay.opaque")).toBe(true);
});

test("those of an overlay stored inside lose one level of escape", () => {
  expect(toMerged(bytes("trusted.overlay.overlay.opaque"))).toBe("trusted.overlay.opaque");
  expect(isPrivate("trusted.overlay.overlay.opaque")).toBe(false);
  expect(toLayer(bytes("trusted.overlay.opaque"))).toBe("trusted.overlay.overlay.opaque");
});

test("three levels deep each level takes one escape", () => {
  const once = toLayer(bytes("trusted.overlay.origin"))!;
  const twice = toLayer(once)!;
  expect(twice).toBe("trusted.overlay.overlay.overlay.origin");
  expect(toMerged(toMerged(twice)!)).toBe("trusted.overlay.origin");
});

test("other xattrs pass as they are", () => {
  for (const name of ["user.mime", "security.capability", "trusted.other"]) {
    expect(toLayer(bytes(name))).toBe(name);
    expect(toMerged(bytes(name))).toBe(name);
  }
});

test("a name that would be too long when escaped is refused", () => {
  expect(toLayer(bytes(`trusted.overlay.${"x".repeat(239)}`))).toBeNull();
});
