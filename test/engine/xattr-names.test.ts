import { expect, test } from "vitest";
import { TRUSTED, USER } from "../../src/engine/xattr-names.js";
import { bytes } from "../../src/sys/bytes.js";

test("an overlay's own xattrs are hidden from the merged tree", () => {
  expect(TRUSTED.toMerged(bytes("trusted.overlay.opaque"))).toBeNull();
  expect(TRUSTED.isPrivate("trusted.overlay.opaque")).toBe(true);
});

test("those of an overlay stored inside lose one level of escape", () => {
  expect(TRUSTED.toMerged(bytes("trusted.overlay.overlay.opaque"))).toBe("trusted.overlay.opaque");
  expect(TRUSTED.isPrivate("trusted.overlay.overlay.opaque")).toBe(false);
  expect(TRUSTED.toLayer(bytes("trusted.overlay.opaque"))).toBe("trusted.overlay.overlay.opaque");
});

test("three levels deep each level takes one escape", () => {
  const once = TRUSTED.toLayer(bytes("trusted.overlay.origin"))!;
  const twice = TRUSTED.toLayer(once)!;
  expect(twice).toBe("trusted.overlay.overlay.overlay.origin");
  expect(TRUSTED.toMerged(TRUSTED.toMerged(twice)!)).toBe("trusted.overlay.origin");
});

test("other xattrs pass as they are", () => {
  for (const name of ["user.mime", "security.capability", "trusted.other"]) {
    expect(TRUSTED.toLayer(bytes(name))).toBe(name);
    expect(TRUSTED.toMerged(bytes(name))).toBe(name);
  }
});

test("a name that would be too long when escaped is refused", () => {
  expect(TRUSTED.toLayer(bytes(`trusted.overlay.${"x".repeat(239)}`))).toBeNull();
});

test("with userxattr the format is in user.overlay, and trusted.overlay is as any other", () => {
  expect(USER.isPrivate("user.overlay.opaque")).toBe(true);
  expect(USER.toLayer(bytes("user.overlay.opaque"))).toBe("user.overlay.overlay.opaque");
  expect(USER.toMerged(bytes("trusted.overlay.opaque"))).toBe("trusted.overlay.opaque");
});
