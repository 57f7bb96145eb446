// Dialogs: over the page, closed by Escape, with the focus kept inside.
import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import type { CombinedError } from 'urql'
import { Button } from './button'
import { SameInCli } from './copy'
import { refusalOf } from './errors'
import { Field } from './field'

type Props = {
  open: boolean
  onClose: () => void
  title: string
  description?: ReactNode
  children: ReactNode
  wide?: boolean
}

export function Dialog({ open, onClose, title, description, children, wide }: Props) {
  return (
    <Base.Root open={open} onOpenChange={next => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="backdrop" />
        <Base.Popup className={wide ? 'dialog is-wide' : 'dialog'}>
          <div className="dialog-head">
            <Base.Title className="dialog-title">{title}</Base.Title>
            <Base.Close className="icon-button" aria-label="Close">
              <X size={16} />
            </Base.Close>
          </div>
          {description ? <Base.Description className="dialog-description">{description}</Base.Description> : null}
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}

export function RefusalNote({ error }: { error: CombinedError | undefined }) {
  if (!error) return null
  const refusal = refusalOf(error)
  return (
    <div className="refusal" role="alert">
      <strong>{refusal.sentence}</strong>
      {refusal.detail ? <p>{refusal.detail}</p> : null}
      <p className="small muted">
        code <code>{refusal.code}</code>
      </p>
    </div>
  )
}

type Footer = {
  close: () => void
  error: CombinedError | undefined
  /** the same as a command */
  line: string
  kind?: 'primary' | 'danger'
  /** left out where the dialog is a form, which is sent */
  act?: () => Promise<void>
  isOff: boolean
  children: ReactNode
}

/** How a dialog that changes something ends: what was refused, the same as a command, the way back, and the deed. */
export function DialogFooter({ close, error, line, kind = 'primary', act, isOff, children }: Footer) {
  return (
    <>
      <RefusalNote error={error} />
      <SameInCli line={line} />
      <div className="dialog-actions">
        <Button onClick={close}>Cancel</Button>
        <Button kind={kind} type={act ? 'button' : 'submit'} onClick={act && (() => void act())} disabled={isOff}>
          {children}
        </Button>
      </div>
    </>
  )
}

/** For what is done for ever: the name of the thing, in one's own hand. */
export function TypedName({ name, typed, put }: { name: string; typed: string; put: (typed: string) => void }) {
  return (
    <Field
      label={`Type ${name} to go on`}
      value={typed}
      onChange={event => put(event.target.value)}
      autoComplete="off"
      autoCapitalize="none"
      spellCheck={false}
    />
  )
}

/** Why, in one's own words; it may stay empty. */
export function ReasonField({ reason, put }: { reason: string; put: (reason: string) => void }) {
  return (
    <Field
      label="Reason"
      value={reason}
      onChange={event => put(event.target.value)}
      maxLength={500}
      autoComplete="off"
      hint="Whoever reads the activity later sees it; it may stay empty."
    />
  )
}

/** The reason as the hub takes it, and as arguments of the command line. */
export function reasonOf(text: string): { reason: string | null; words: string[] } {
  const reason = text.trim()
  return reason === '' ? { reason: null, words: [] } : { reason, words: ['--reason', reason] }
}

/** Before and after, side by side. */
export function Change({ what, before, after }: { what: string; before: ReactNode; after: ReactNode }) {
  return (
    <dl className="change" aria-label={what}>
      <div>
        <dt>now</dt>
        <dd>{before}</dd>
      </div>
      <span aria-hidden="true" className="change-arrow">
        →
      </span>
      <div>
        <dt>then</dt>
        <dd>{after}</dd>
      </div>
    </dl>
  )
}
