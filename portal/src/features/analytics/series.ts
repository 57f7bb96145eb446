// What charts are made of: the versions that are shown by themselves, the newest first, and the rest as one.

export type Counted = { version: string; deployments: number }
export type Day = { day: string; deployments: number; versions: Counted[] }
export type Series = { name: string; values: number[] }

const MOST = 5
export const OLDER = 'older'

/** As semantic versions are ordered: a pre-release comes before its release. */
export function compareVersions(one: string, other: string): number {
  const [[core, before], [otherCore, otherBefore]] = [partsOf(one), partsOf(other)]
  const byCore = core.localeCompare(otherCore, 'en', { numeric: true })
  if (byCore !== 0 || before === otherBefore) return byCore
  if (before === undefined || otherBefore === undefined) return before === undefined ? 1 : -1
  return before.localeCompare(otherBefore, 'en', { numeric: true })
}

function partsOf(version: string): [string, string | undefined] {
  const at = version.indexOf('-')
  return at < 0 ? [version, undefined] : [version.slice(0, at), version.slice(at + 1)]
}

export function seriesOf(days: readonly Day[]): Series[] {
  const names = [...new Set(days.flatMap(({ versions }) => versions.map(({ version }) => version)))]
  names.sort((one, other) => compareVersions(other, one))
  const shown = names.length > MOST + 1 ? names.slice(0, MOST) : names
  const count = ({ versions }: Day, of: (version: string) => boolean) =>
    versions.reduce((sum, { version, deployments }) => sum + (of(version) ? deployments : 0), 0)
  const series = shown.map(name => ({ name, values: days.map(day => count(day, version => version === name)) }))
  if (shown.length === names.length) return series
  return [...series, { name: OLDER, values: days.map(day => count(day, version => !shown.includes(version))) }]
}

/** In whole per cent; all and nothing are said of all and nothing alone. */
export function share(part: number, of: number): string {
  if (of === 0) return '—'
  const percent = Math.round((part / of) * 100)
  if (part > 0 && percent === 0) return '< 1 %'
  if (part < of && percent === 100) return '> 99 %'
  return `${percent} %`
}
