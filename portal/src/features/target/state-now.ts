// The state of a target at this moment: what the hub said, and what it said silence would make of it. A line that is lost stops
// the clock: nobody can tell its silence from a target's. What a state was at a moment of the past is what the hub says of it.
import { useEffect } from 'react'
import type { TargetState } from '../../gql/graphql'
import { toHubTime, useHubNow } from '../../live/clock'
import { lineLostAt, useLine } from '../../live/line'
import { useMoment } from '../../live/moment'

type Told = { state: TargetState; stateUntil?: string | null | undefined; stateThen?: TargetState | null | undefined }

export function stateAt(told: Told, now: number): TargetState {
  const isOver = told.stateUntil && now >= Date.parse(told.stateUntil)
  return isOver && told.stateThen ? told.stateThen : told.state
}

export function useStateOf(): (told: Told) => TargetState {
  const now = useHubNow()
  // looked at, so that a line that is lost is noticed
  useLine()
  const lost = lineLostAt()
  const at = lost === undefined ? now : Math.min(now, toHubTime(lost))
  const isPast = useMoment() !== undefined
  return told => (isPast ? told.state : stateAt(told, at))
}

/** Reads again once silence changed what is shown: what it makes of it after that, the hub says then. */
export function useOverdue(shown: Told[] | undefined, read: () => void) {
  const [now, line] = [useHubNow(), useLine()]
  const isOverdue = shown?.some(told => told.stateUntil && now >= Date.parse(told.stateUntil)) ?? false
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each tick, until the hub says otherwise
  useEffect(() => {
    if (isOverdue && line.state === 'live') read()
  }, [isOverdue, now, line.state])
}
