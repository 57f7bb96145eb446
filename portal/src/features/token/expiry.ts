/** Through the end of that day, UTC, as the command line has it. */
export function endOf(day: string): string | null {
  return day === '' ? null : new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString()
}
