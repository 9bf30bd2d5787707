/** Sizes as they are shown. */
const UNITS = ["", "K", "M", "G", "T", "P"];

/** A number of bytes as `du -h` writes it: rounded up, with one digit behind the point below 10. */
export function humanSize(size: number): string {
  let unit = 0;
  let value = size;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  if (unit === 0) return String(value);
  const rounded = value < 10 ? Math.ceil(value * 10) / 10 : Math.ceil(value);
  if (rounded >= 1024 && unit < UNITS.length - 1) return `1.0${UNITS[unit + 1]!}`;
  return `${rounded < 10 ? rounded.toFixed(1) : String(Math.ceil(rounded))}${UNITS[unit]!}`;
}
