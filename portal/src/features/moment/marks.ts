// Moments of a life at which something became a fact, in the order of the log, and the way from one to the next.
import { instantText, momentOf } from '../../live/moment'

export type Mark = {
  /** milliseconds since 1970 */
  at: number
  /** as the address names it */
  moment: string
  /** what happened */
  words: string
}

/** How many marks have come by the moment; all of them by now. */
export function passed(marks: Mark[], moment: string | undefined): number {
  if (moment === undefined) return marks.length
  const named = momentOf(moment)
  if (named.kind === 'unknown') return marks.length
  const isLater = (mark: Mark) => {
    if (mark.moment === moment) return false
    if (named.kind === 'time') return mark.at > named.at
    const of = momentOf(mark.moment)
    return of.kind === 'position' && Number(of.position) > Number(named.position)
  }
  const first = marks.findIndex(isLater)
  return first < 0 ? marks.length : first
}

/** The mark so many steps on, or back; nothing is now. */
export function stepped(marks: Mark[], moment: string | undefined, by: number): Mark | undefined {
  const count = passed(marks, moment)
  const last = marks[count - 1]
  // between two marks the way back leads to the one before, first
  const isBetween = last !== undefined && last.moment !== moment
  const to = count - 1 + by + (by < 0 && isBetween ? 1 : 0)
  return to >= marks.length ? undefined : marks[Math.max(0, to)]
}

/** Where the moment is, in milliseconds since 1970: a position is where the last mark before it is. */
export function timeOf(marks: Mark[], moment: string | undefined, from: number, to: number): number {
  if (moment === undefined) return to
  const named = momentOf(moment)
  const at = named.kind === 'time' ? named.at : (marks[passed(marks, moment) - 1]?.at ?? from)
  return Math.min(to, Math.max(from, at))
}

/** A time at which a fact of this time is committed for sure: a writer's clock is a little before the log's. */
export function markAt(time: string, words: string): Mark {
  const at = Math.ceil(Date.parse(time) / 1000) * 1000
  return { at, moment: instantText(at), words }
}

/** Places of ticks along a line, from 0 to 1, none closer to another than can be seen. */
export function ticks(marks: Mark[], from: number, to: number): number[] {
  const places = marks.map(({ at }) => Math.min(1, Math.max(0, (at - from) / Math.max(1, to - from))))
  return [...new Set(places.map(place => Math.round(place * 400)))].map(place => place / 400)
}
