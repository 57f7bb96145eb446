// A way of several steps, each ticked by what really happened.
import type { ReactNode } from 'react'
import { type Shape, StateIcon } from './state'

export type Tick = {
  id: string
  title: string
  state: 'done' | 'now' | 'ahead' | 'failed' | 'held'
  /** when it was done, or what is in the way */
  note?: ReactNode
  /** what to do for it */
  children?: ReactNode
}

const SHAPES: Record<Tick['state'], Shape> = {
  done: 'ok',
  now: 'progressing',
  ahead: 'none',
  failed: 'failed',
  held: 'held',
}
const WORDS: Record<Tick['state'], string> = {
  done: 'done',
  now: 'to do now',
  ahead: 'later',
  failed: 'failed',
  held: 'held',
}

export function Ticks({ label, ticks }: { label: string; ticks: Tick[] }) {
  return (
    <ol className="ticks" aria-label={label}>
      {ticks.map(({ id, title, state, note, children }) => (
        <li key={id} className={`tick is-${state}`} aria-current={state === 'now' ? 'step' : undefined}>
          <StateIcon shape={SHAPES[state]} />
          <div className="tick-body">
            <p className="tick-title">
              <strong>{title}</strong> <span className="unseen">{WORDS[state]}</span>
              {note ? <span className="muted"> {note}</span> : null}
            </p>
            {children}
          </div>
        </li>
      ))}
    </ol>
  )
}
