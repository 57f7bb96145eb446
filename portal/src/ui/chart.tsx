// Charts of days, drawn by ourselves. Each stands beside a table of the same figures; arrows walk the days.
import { type KeyboardEvent, type PointerEvent, useState } from 'react'
import type { Series } from '../features/analytics/series'
import { formats } from './zone'

const WIDTH = 720
const HEIGHT = 180

const short = formats({ day: 'numeric', month: 'short' }).utc
export const dayOf = (day: string) => short.format(Date.parse(`${day}T00:00:00Z`))

type Props = {
  label: string
  days: string[]
  /** the first is drawn strongest */
  series: Series[]
  kind: 'levels' | 'bars'
  /** of each series, in the place of its shade */
  classes?: string[]
}

/** Stacked: what stands above each day is the sum. */
export function DaysChart({ label, days, series, kind, classes }: Props) {
  const [at, setAt] = useState(days.length - 1)
  const chosen = Math.min(at, days.length - 1)
  const most = Math.max(1, ...days.map((_, index) => sumAt(series, index)))
  const width = WIDTH / days.length
  const y = (value: number) => HEIGHT - (value / most) * HEIGHT
  const walk = (event: KeyboardEvent) => {
    const steps: Record<string, number> = {
      ArrowLeft: chosen - 1,
      ArrowRight: chosen + 1,
      Home: 0,
      End: days.length - 1,
    }
    const next = steps[event.key]
    if (next === undefined) return
    event.preventDefault()
    setAt(Math.max(0, Math.min(days.length - 1, next)))
  }
  const point = (event: PointerEvent<SVGSVGElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect()
    setAt(Math.max(0, Math.min(days.length - 1, Math.floor(((event.clientX - left) / width) * days.length))))
  }
  const said = days[chosen] ? `${dayOf(days[chosen])}: ${valuesAt(series, chosen)}` : ''
  return (
    <figure className="chart">
      <div className="chart-frame">
        <span className="chart-most muted">{most.toLocaleString()}</span>
        <div
          role="slider"
          tabIndex={0}
          aria-label={label}
          aria-valuemin={0}
          aria-valuemax={Math.max(0, days.length - 1)}
          aria-valuenow={chosen}
          aria-valuetext={said}
          onKeyDown={walk}
        >
          <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true" onPointerMove={point}>
            {series.map(({ name }, place) => (
              <g key={name} className={classes?.[place] ?? `shade-${place}`}>
                {days.map((day, index) => {
                  const below = sumAt(series.slice(place + 1), index)
                  const value = series[place]?.values[index] ?? 0
                  const gap = kind === 'bars' ? Math.min(3, width / 4) : 0
                  return value === 0 ? null : (
                    <rect
                      key={day}
                      x={index * width + gap}
                      width={width - 2 * gap + (gap === 0 ? 0.5 : 0)}
                      y={y(below + value)}
                      height={y(below) - y(below + value)}
                    />
                  )
                })}
              </g>
            ))}
            <rect className="chart-chosen" x={chosen * width} width={width} y={0} height={HEIGHT} />
          </svg>
        </div>
      </div>
      <p className="axis muted">
        <span>{days[0] ? dayOf(days[0]) : ''}</span>
        <span>days in UTC</span>
        <span>today</span>
      </p>
      <figcaption className="chart-said">{said}</figcaption>
    </figure>
  )
}

function sumAt(series: Series[], index: number): number {
  return series.reduce((sum, { values }) => sum + (values[index] ?? 0), 0)
}

function valuesAt(series: Series[], index: number): string {
  const shown = series.filter(({ values }) => (values[index] ?? 0) > 0)
  if (shown.length === 0) return 'none'
  return shown.map(({ name, values }) => `${name} ${(values[index] ?? 0).toLocaleString()}`).join(', ')
}

/** The same figures; days at which nothing changed are left out. */
export function DaysTable({ days, series, total }: { days: string[]; series: Series[]; total?: string }) {
  const differs = (index: number) => index === 0 || series.some(({ values }) => values[index] !== values[index - 1])
  const shown = days.map((day, index) => ({ day, index })).filter(({ index }) => differs(index))
  return (
    <details className="as-table">
      <summary>As a table</summary>
      <div className="chart-table" tabIndex={0} role="group" aria-label="The figures by day">
        <table className="table is-small">
          <thead>
            <tr>
              <th scope="col">From</th>
              {series.map(({ name }) => (
                <th scope="col" className="is-number" key={name}>
                  {name}
                </th>
              ))}
              {total ? (
                <th scope="col" className="is-number">
                  {total}
                </th>
              ) : null}
            </tr>
          </thead>
          <tbody>
            {shown.reverse().map(({ day, index }) => (
              <tr key={day}>
                <td>{dayOf(day)}</td>
                {series.map(({ name, values }) => (
                  <td className="is-number" key={name}>
                    {(values[index] ?? 0).toLocaleString()}
                  </td>
                ))}
                {total ? <td className="is-number">{sumAt(series, index).toLocaleString()}</td> : null}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  )
}

export function Legend({ names, classes }: { names: string[]; classes?: string[] }) {
  return (
    <ul className="legend" aria-label="Shades">
      {names.map((name, place) => (
        <li key={name}>
          <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
            <g className={classes?.[place] ?? `shade-${place}`}>
              <rect width="12" height="12" rx="2" />
            </g>
          </svg>
          {name}
        </li>
      ))}
    </ul>
  )
}
