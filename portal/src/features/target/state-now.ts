// The state of a target at this moment: what the hub said, and what it said silence would make of it. While the line is cut
// nobody can tell silence from it, and nothing moves.
import { useEffect } from 'react'
import type { TargetState } from '../../gql/graphql'
import { useHubNow } from '../../live/clock'
import { useLine } from '../../live/line'

type Told = { state: TargetState; stateUntil?: string | null | undefined; stateThen?: TargetState | null | undefined }

export function stateAt(told: Told, now: number, isLive: boolean): TargetState {
  const isOver = told.stateUntil && now >= Date.parse(told.stateUntil)
  return isLive && isOver && told.stateThen ? told.stateThen : told.state
}

export function useStateOf(): (told: Told) => TargetState {
  const [now, line] = [useHubNow(), useLine()]
  return told => stateAt(told, now, line.state === 'live')
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
