// A line from the first fact of a thing to now, with a tick for each fact. Keys go from fact to fact, a hand anywhere.
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { instantText } from '../../live/moment'
import { formats, useZone } from '../../ui/zone'
import { type Mark, passed, stepped, ticks, timeOf } from './marks'

type Props = {
  label: string
  from: number
  to: number
  marks: Mark[]
  moment: string | undefined
  go: (moment: string | undefined) => void
}

const REST = 200
const LEAP = 10
const STEPS: Record<string, number> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -LEAP,
  PageUp: LEAP,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
}
const times = formats({ dateStyle: 'medium', timeStyle: 'medium' })
const days = formats({ dateStyle: 'medium' })

export function Slider({ label, from, to, marks, moment, go }: Props) {
  const zone = useZone()
  const [picked, pick] = usePicked(moment, go)
  const at = timeOf(marks, picked, from, to)
  const last = marks[passed(marks, picked) - 1]
  const text = picked === undefined ? 'now' : `${times[zone].format(at)}${last ? `, after: ${last.words}` : ''}`
  const step = (by: number) => pick(stepped(marks, picked, by)?.moment)
  const press = (event: KeyboardEvent) => {
    const by = STEPS[event.key]
    if (by === undefined) return
    event.preventDefault()
    step(by)
  }
  return (
    <div className="life-slider">
      <button
        type="button"
        className="icon-button"
        aria-label="Fact before"
        disabled={marks.length === 0 || picked === marks[0]?.moment}
        onClick={() => step(-1)}
      >
        <ChevronLeft size={16} />
      </button>
      <div className="life-line">
        <div className="life-ticks" aria-hidden="true">
          {ticks(marks, from, to).map(place => (
            <span key={place} style={{ insetInlineStart: `${place * 100}%` }} />
          ))}
        </div>
        <input
          type="range"
          aria-label={label}
          aria-valuetext={text}
          min={from}
          max={to}
          step={1}
          value={at}
          onKeyDown={press}
          onChange={({ target: { valueAsNumber: chosen } }) => pick(chosen >= to ? undefined : instantText(chosen))}
        />
      </div>
      <button
        type="button"
        className="icon-button"
        aria-label="Next fact"
        disabled={picked === undefined}
        onClick={() => step(1)}
      >
        <ChevronRight size={16} />
      </button>
      <p className="life-text">
        <span className="muted">{days[zone].format(from)}</span>
        <output>{text}</output>
        <span className="muted">now</span>
      </p>
    </div>
  )
}

/** What the hand is at, before the page is: it goes there once the hand rests. */
function usePicked(moment: string | undefined, go: (moment: string | undefined) => void) {
  const [picked, setPicked] = useState(moment)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => setPicked(moment), [moment])
  useEffect(() => () => clearTimeout(timer.current), [])
  const pick = (next: string | undefined) => {
    setPicked(next)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => go(next), REST)
  }
  return [picked, pick] as const
}
