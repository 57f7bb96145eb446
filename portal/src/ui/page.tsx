// The frame of a page: its name in the tab, the heading that gets the focus, its actions.
import type { ReactNode } from 'react'
import { useEffect, useRef } from 'react'
import { HelpLink } from '../features/docs/help-link'
import { useMoment } from '../live/moment'
import { usePlaces } from '../shell/places'

type Props = {
  title: string
  section?: string
  aside?: ReactNode
  actions?: ReactNode
  crumbs?: ReactNode
  children: ReactNode
}

export function Page({ title, section, aside, actions, crumbs, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null)
  const { name } = usePlaces()
  const moment = useMoment()
  useEffect(() => {
    document.title = [title, section, moment && `as of ${moment}`, name].filter(Boolean).join(' · ')
  }, [title, section, moment, name])
  // biome-ignore lint/correctness/useExhaustiveDependencies: a page is another one by its name
  useEffect(() => {
    // once a page is another; the first one keeps the browser's own focus
    if (document.activeElement && document.activeElement !== document.body) heading.current?.focus()
  }, [title, section, name])
  return (
    <>
      <header className="page-head">
        <div className="page-name">
          {crumbs ? <p className="crumbs">{crumbs}</p> : null}
          <div className="page-title">
            <h1 ref={heading} tabIndex={-1}>
              {title}
            </h1>
            {aside}
            <HelpLink title={title} />
          </div>
        </div>
        {actions ? <div className="actions">{actions}</div> : null}
      </header>
      {children}
    </>
  )
}

export function Panel({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <section className="panel" aria-label={title}>
      <div className="panel-head">
        <h2>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  )
}

export function Facts({ children }: { children: ReactNode }) {
  return <dl className="facts">{children}</dl>
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
