// Times of policies as people type them: `30m`, `2h`, `1d`; windows and blackouts, one a line.
import type { RolloutBlackoutInput, RolloutWindowInput, Weekday } from '../../gql/graphql'

const UNITS: Record<string, number> = { m: 1, h: 60, d: 1440 }
const DAYS: readonly Weekday[] = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN']
const DATE = /^\d{4}-\d\d-\d\d$/
const START = /^([01]\d|2[0-3]):[0-5]\d$/

/** Minutes; a number without a unit is of minutes. Nothing if it is no such time. */
export function minutesOf(text: string): number | undefined {
  const [, number, unit = 'm'] = /^(\d{1,6})\s*([mhd])?$/.exec(text.trim()) ?? []
  return number === undefined ? undefined : Number(number) * (UNITS[unit] ?? 1)
}

export function durationText(minutes: number): string {
  if (minutes === 0) return '0m'
  if (minutes % 1440 === 0) return `${minutes / 1440}d`
  return minutes % 60 === 0 ? `${minutes / 60}h` : `${minutes}m`
}

/** `mon-fri`, `sat,sun`: days in a row as their ends. */
export function daysText(days: readonly Weekday[]): string {
  const at = [...new Set(days)].map(day => DAYS.indexOf(day)).sort((one, other) => one - other)
  const runs: number[][] = []
  for (const day of at) {
    const run = runs.at(-1)
    if (run && run.at(-1) === day - 1) run.push(day)
    else runs.push([day])
  }
  const name = (day: number | undefined) => DAYS[day ?? 0]?.toLowerCase() ?? ''
  return runs.flatMap(run => (run.length > 2 ? [`${name(run[0])}-${name(run.at(-1))}`] : run.map(name))).join(',')
}

/** From the first to the last, also over the end of the week. Nothing if one is no day. */
export function daysOf(text: string): Weekday[] | undefined {
  const days = new Set<Weekday>()
  for (const part of text.toUpperCase().split(',')) {
    const [first, last = first] = part.split('-')
    const [from, to] = [DAYS.indexOf(first as Weekday), DAYS.indexOf(last as Weekday)]
    if (from < 0 || to < 0) return undefined
    for (let day = from; ; day = (day + 1) % DAYS.length) {
      days.add(DAYS[day] as Weekday)
      if (day === to) break
    }
  }
  return DAYS.filter(day => days.has(day))
}

function windowOf(line: string): RolloutWindowInput | undefined {
  const [days = '', start = '', length = '', more] = line.split(/\s+/)
  const [on, minutes] = [daysOf(days), minutesOf(length)]
  if (more !== undefined || !on || !START.test(start) || !minutes) return undefined
  return { days: on, start, minutes }
}

function blackoutOf(line: string): RolloutBlackoutInput | undefined {
  const [from = '', to = from, more] = line.split(/\s+/)
  return more === undefined && DATE.test(from) && DATE.test(to) ? { from, to } : undefined
}

type Windows = { allow: RolloutWindowInput[]; blackouts: RolloutBlackoutInput[]; wrong: string[] }

/** Empty lines are passed over. */
export function windowsOf(windows: string, blackouts: string): Windows {
  const wrong: string[] = []
  const read = <Of>(text: string, of: (line: string) => Of | undefined, why: (line: string) => string): Of[] => {
    const lines = text.split(/\r?\n/).map(line => line.trim())
    return lines.filter(Boolean).flatMap(line => {
      const one = of(line)
      if (one === undefined) wrong.push(why(line))
      return one === undefined ? [] : [one]
    })
  }
  return {
    allow: read(
      windows,
      windowOf,
      line => `Windows: “${line}” is none; write days, start and length: mon-fri 22:00 4h.`,
    ),
    blackouts: read(blackouts, blackoutOf, line => `Blackouts: “${line}” is none; write days: 2026-12-24 2027-01-02.`),
    wrong,
  }
}
