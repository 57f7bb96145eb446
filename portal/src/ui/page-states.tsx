// What a page shows when it has nothing to show, each told apart from the others.
import { CircleAlert, History, Lock, SearchX } from 'lucide-react'
import { type ReactNode, useEffect, useRef } from 'react'
import type { CombinedError } from 'urql'
import { useWhoIsThere } from '../features/session/viewer'
import { Button } from './button'
import { CommandLine } from './copy'
import { refusalOf } from './errors'

export function Loading({ rows = 6, what }: { rows?: number; what: string }) {
  return (
    <div className="loading" role="status" aria-label={`Loading ${what}`}>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="skeleton" />
      ))}
    </div>
  )
}

/** Nothing was ever here: what it would be, and how to make the first. */
export function Empty({
  title,
  children,
  line,
  action,
}: {
  title: string
  children: ReactNode
  line?: string
  action?: ReactNode
}) {
  return (
    <div className="page-state">
      <h2>{title}</h2>
      <p>{children}</p>
      {action}
      {line ? <CommandLine line={line} /> : null}
    </div>
  )
}

export function EmptyFiltered({ what, clear }: { what: string; clear: () => void }) {
  return (
    <div className="page-state">
      <SearchX size={20} aria-hidden="true" />
      <h2>No {what} fit these filters</h2>
      <Button onClick={clear}>Clear the filters</Button>
    </div>
  )
}

export function Failed({ error, again }: { error: CombinedError; again?: () => void }) {
  const refusal = refusalOf(error)
  if (refusal.code === 'forbidden') return <NoPermission detail={refusal.detail} />
  if (refusal.code === 'moment.only_now') return <OnlyNow />
  return (
    <div className="page-state is-error" role="alert">
      <CircleAlert size={20} aria-hidden="true" />
      <h2>{refusal.sentence}</h2>
      {refusal.detail ? <p>{refusal.detail}</p> : null}
      <p className="muted small">
        code <code>{refusal.code}</code>
        {refusal.request ? (
          <>
            {' '}
            · request <code>{refusal.request}</code>
          </>
        ) : null}
      </p>
      {again && refusal.code !== 'not_found' ? <Button onClick={again}>Try again</Button> : null}
      {again && PASSES.includes(refusal.code) ? <AgainSoon again={again} seconds={refusal.retryAfter ?? SOON} /> : null}
    </div>
  )
}

/** What passes by itself: nobody has to be there to try again. */
const PASSES = ['no_answer', 'unavailable', 'too_many_requests']
const SOON = 5

function AgainSoon({ again, seconds }: { again: () => void; seconds: number }) {
  const latest = useRef(again)
  latest.current = again
  useEffect(() => {
    const timer = setInterval(() => latest.current(), seconds * 1000)
    return () => clearInterval(timer)
  }, [seconds])
  return <p className="muted small">This page tries again by itself.</p>
}

/** What was here at other moments nobody knows, and what is here now is not shown for it. */
export function OnlyNow() {
  return (
    <div className="page-state">
      <History size={20} aria-hidden="true" />
      <h2>This is shown as of now alone</h2>
      <p className="muted">It is not kept what it was at other moments.</p>
    </div>
  )
}

export function NoPermission({ detail }: { detail?: string | undefined }) {
  const { viewer } = useWhoIsThere()
  return (
    <div className="page-state">
      <Lock size={20} aria-hidden="true" />
      <h2>Your role does not show this</h2>
      {detail ? <p>{detail}</p> : null}
      <p className="muted">{viewer.customer ? 'An admin' : 'An owner'} can change your role.</p>
    </div>
  )
}

/** What nobody knows is not zero. */
export function Unknown({ why }: { why: string }) {
  return (
    <span className="muted" title={why}>
      —
    </span>
  )
}
