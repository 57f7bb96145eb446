import { Link, type LinkProps } from '@tanstack/react-router'
import type { ComponentProps, ReactNode } from 'react'
import { useWhoIsThere } from '../features/session/viewer'
import { useMoment } from '../live/moment'

type Kind = 'primary' | 'plain' | 'danger' | 'quiet'

export function Button({ kind = 'plain', className = '', ...rest }: { kind?: Kind } & ComponentProps<'button'>) {
  return <button type="button" className={`button is-${kind} ${className}`} {...rest} />
}

export function ButtonLink({ kind = 'plain', children, ...rest }: { kind?: Kind; children: ReactNode } & LinkProps) {
  return (
    <Link className={`button is-${kind}`} {...rest}>
      {children}
    </Link>
  )
}

/** A control that the viewer may not use stays where it is, and says what it needs. */
export function Allowed({ may, needs, children }: { may: boolean; needs: string; children: ReactNode }) {
  const { viewer } = useWhoIsThere()
  const isPast = useMoment() !== undefined
  if (may && !isPast) return children
  const whom = viewer.customer ? 'an admin' : 'an owner'
  const [title, why] = isPast
    ? ['Nothing is changed at a moment of the past. Go back to now first.', 'not at a moment of the past']
    : [`This needs ${needs}; ask ${whom}.`, `needs ${needs}`]
  return (
    <span className="refused" title={title}>
      <span inert>{children}</span>
      <span className={isPast ? 'unseen' : 'refused-why'}>{why}</span>
    </span>
  )
}
