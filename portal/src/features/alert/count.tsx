// How many alerts there are, beside the room's name.
import { useLive } from '../../live/use-live'
import { useNowAndThen } from '../../live/use-now-and-then'
import { ALERT_COUNT } from './queries'
import { countWords } from './words'

export function AlertCount() {
  const { data, quietly } = useLive(ALERT_COUNT, {})
  useNowAndThen(quietly)
  const count = data?.alerts.nodes.length ?? 0
  // nothing is said while nobody knows, and of none
  if (count === 0) return null
  const words = countWords(count, data?.alerts.pageInfo.hasNextPage ?? false)
  return (
    <span className="room-count">
      {words} <span className="unseen">need somebody</span>
    </span>
  )
}
