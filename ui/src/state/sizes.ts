/** Sizes on disk, in words. */
import { locale } from "./strings.ts";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** In the unit that makes it short. */
export function bytes(size: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, size)) / 3));
  const format = { style: "unit", unit: UNITS[power] ?? "byte", maximumSignificantDigits: 3 } as const;
  return new Intl.NumberFormat(locale.value, format).format(size / 1000 ** power);
}
