// How many reports came, hour by hour. An hour without one is a gap, and not a zero.
import type { TargetDetail } from './page'

type Hour = TargetDetail['heartbeats']['nodes'][number]
const HOURS = 24
const HOUR = 3_600_000
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })

export function Reports({ hours }: { hours: Hour[] }) {
  const [newest] = hours
  if (!newest) return <p className="muted">No report has come yet.</p>
  const end = Date.parse(newest.hour)
  const byHour = new Map(hours.map(hour => [Date.parse(hour.hour), hour]))
  const most = Math.max(...hours.map(hour => hour.reports + hour.missing), 1)
  const shown = Array.from({ length: HOURS }, (_, index) => end - (HOURS - 1 - index) * HOUR)
  return (
    <>
      <svg
        className="reports"
        viewBox={`0 0 ${HOURS * 10} 40`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Reports in each of ${HOURS} hours up to ${clock.format(end)}`}
      >
        {shown.map((at, index) => (
          <Bar key={at} at={at} hour={byHour.get(at)} x={index * 10} most={most} />
        ))}
      </svg>
      <p className="axis muted">
        <span>{clock.format(end - (HOURS - 1) * HOUR)}</span>
        <span>by the hour of the agent's clock; hatched: no reports</span>
        <span>{clock.format(end)}</span>
      </p>
      <details className="as-table">
        <summary>As a table</summary>
        <table className="table is-small">
          <thead>
            <tr>
              <th scope="col">Hour</th>
              <th scope="col" className="is-number">
                Reports
              </th>
              <th scope="col" className="is-number">
                Missing
              </th>
            </tr>
          </thead>
          <tbody>
            {hours.map(hour => (
              <tr key={hour.hour}>
                <td>{clock.format(Date.parse(hour.hour))}</td>
                <td className="is-number">{hour.reports.toLocaleString()}</td>
                <td className="is-number">{hour.missing.toLocaleString()}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </>
  )
}

function Bar({ at, hour, x, most }: { at: number; hour: Hour | undefined; x: number; most: number }) {
  if (!hour) {
    return (
      <g className="reports-gap">
        <title>{`${clock.format(at)}: no reports`}</title>
        <path d={`M${x + 1} 40l8-8M${x + 1} 32l8-8`} />
      </g>
    )
  }
  const height = Math.max(1.5, (hour.reports / most) * 38)
  const missing = (hour.missing / most) * 38
  return (
    <g>
      <title>{`${clock.format(at)}: ${hour.reports} reports, ${hour.missing} missing`}</title>
      <rect className="reports-bar" x={x + 1} width={8} y={40 - height} height={height} rx={1} />
      {missing > 0 ? (
        <rect className="reports-missing" x={x + 1} width={8} y={40 - height - missing} height={missing} />
      ) : null}
    </g>
  )
}
