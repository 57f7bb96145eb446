// Dialogs: over the page, closed by Escape, with the focus kept inside.
import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import type { CombinedError } from 'urql'
import { refusalOf } from './errors'

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
