// Sizes, as people say them.
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

export function bytesWords(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1)
  const value = bytes / 1000 ** power
  return `${value.toFixed(power > 0 && value < 10 ? 1 : 0)} ${UNITS[power]}`
}
