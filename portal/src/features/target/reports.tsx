// How many reports came, hour by hour. An hour without one is a gap, and not a zero; before the target enrolled there is none.
import { formats, useZone } from '../../ui/zone'
import type { TargetDetail } from './detail'

type Hour = TargetDetail['heartbeats']['nodes'][number]
const HOURS = 24
const HOUR = 3_600_000
const clocks = formats({ hour: '2-digit', minute: '2-digit', hour12: false })

export function Reports({ hours, since }: { hours: Hour[]; since: string }) {
  const clock = clocks[useZone()]
  const [newest] = hours
  if (!newest) return <p className="muted">No report has come yet.</p>
  const end = Date.parse(newest.hour)
  const byHour = new Map(hours.map(hour => [Date.parse(hour.hour), hour]))
  const most = Math.max(...hours.map(hour => hour.reports + hour.missing), 1)
  const shown = Array.from({ length: HOURS }, (_, index) => end - (HOURS - 1 - index) * HOUR)
  return (
    <>
      <div className="reports" role="img" aria-label={`Reports in each of ${HOURS} hours up to ${clock.format(end)}`}>
        {shown.map(at => (
          <Bar key={at} at={at} hour={byHour.get(at)} most={most} isBefore={at + HOUR <= Date.parse(since)} />
        ))}
      </div>
      <p className="axis muted">
        <span>{clock.format(end - (HOURS - 1) * HOUR)}</span>
        <span>hours of the agent's clock; hatched: no reports</span>
        <span>{clock.format(end)}</span>
      </p>
      <HoursTable hours={hours} />
    </>
  )
}

function Bar({ at, hour, most, isBefore }: { at: number; hour: Hour | undefined; most: number; isBefore: boolean }) {
  const begin = clocks[useZone()].format(at)
  if (!hour && isBefore) return <span className="reports-before" title={`${begin}: not enrolled yet`} />
  if (!hour) return <span className="reports-gap" title={`${begin}: no reports`} />
  const height = (count: number) => ({ height: `${(count / most) * 100}%` })
  return (
    <span className="reports-hour" title={`${begin}: ${hour.reports} reports, ${hour.missing} missing`}>
      {hour.missing > 0 ? <span className="reports-missing" style={height(hour.missing)} /> : null}
      <span className="reports-bar" style={height(hour.reports)} />
    </span>
  )
}

function HoursTable({ hours }: { hours: Hour[] }) {
  const clock = clocks[useZone()]
  return (
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
  )
}
