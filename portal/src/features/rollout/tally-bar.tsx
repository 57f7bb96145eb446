// The counts of a wave as a bar with its words beside: the bar alone tells nobody anything.
import { type Counts, tallyWords } from './tally'

const PARTS = [
  ['succeeded', 'ok'],
  ['inFlight', 'progressing'],
  ['failed', 'failed'],
  ['lost', 'unknown'],
  ['apart', 'offline'],
] as const

type Props = {
  of: Counts
  /** targets are in their waves, which is so from the start on */
  isPlaced: boolean
}

export function Tally({ of, isPlaced }: Props) {
  if (!isPlaced) return <span className="muted">placed at the start</span>
  return (
    <span className="tally">
      <span className="tally-bar" aria-hidden="true">
        {PARTS.map(([key, shape]) =>
          of[key] > 0 ? <span key={key} className={`is-${shape}`} style={{ flexGrow: of[key] }} /> : null,
        )}
        <span style={{ flexGrow: of.waiting }} />
      </span>
      <span>{tallyWords(of)}</span>
    </span>
  )
}
