// Times, as people say them: short while they are near, exact on hover, always with their machine's form.
import { hubNow, useHubNow } from '../live/clock'
import { useMoment } from '../live/moment'
import { formats, useZone, type Zone } from './zone'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const NEAR = 7 * DAY

const date = formats({ day: 'numeric', month: 'short', year: 'numeric' })
export const exact = formats({ dateStyle: 'medium', timeStyle: 'long' })
const short = formats({ dateStyle: 'medium', timeStyle: 'short' })

export function span(ms: number): string {
  if (ms < MINUTE) return `${Math.max(0, Math.floor(ms / SECOND))} s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h`
  const days = Math.floor(ms / DAY)
  return days === 1 ? '1 day' : `${days} days`
}

export function relative(at: number, now: number, zone: Zone = 'viewer'): string {
  const age = now - at
  if (Math.abs(age) > NEAR) return date[zone].format(at)
  // clocks of two machines are never quite the same
  if (Math.abs(age) < 3 * SECOND) return 'now'
  return age < 0 ? `in ${span(-age)}` : `${span(age)} ago`
}

/** How long ago something was is about now: at a moment of the past the time itself is said. */
export function Time({ at }: { at: string }) {
  const [now, zone, moment] = [useHubNow(), useZone(), useMoment()]
  const when = Date.parse(at)
  return (
    <time dateTime={at} title={`${exact[zone].format(when)} · ${at}`}>
      {moment === undefined ? relative(when, now, zone) : short[zone].format(when)}
    </time>
  )
}

export function Since({ at }: { at: string }) {
  const [now, zone, moment] = [useHubNow(), useZone(), useMoment()]
  const when = Date.parse(at)
  return (
    <time dateTime={at} title={exact[zone].format(when)}>
      {moment === undefined ? span(now - when) : `since ${short[zone].format(when)}`}
    </time>
  )
}

/** The last day on which something holds that ends at this instant. */
export function Through({ end }: { end: string }) {
  const last = Date.parse(end) - 1
  const isPast = useMoment() !== undefined
  const left = Date.parse(end) - hubNow()
  const words = isPast || left > 0 ? `through ${date.utc.format(last)}, UTC` : `ended ${date.utc.format(last)}, UTC`
  return (
    <time dateTime={end} title={end}>
      {words}
      {!isPast && left > 0 && left < 60 * DAY ? <span className="muted"> · {span(left)} left</span> : null}
    </time>
  )
}
