/** Bytes in few words. */
export function digest(content: Buffer): string {
  if (content.length <= 48) return JSON.stringify(content.toString("latin1"));
  let sum = 0;
  for (const byte of content) sum = (Math.imul(sum, 31) + byte) | 0;
  return `${JSON.stringify(content.toString("latin1", 0, 24))}… sum ${sum >>> 0}`;
}
