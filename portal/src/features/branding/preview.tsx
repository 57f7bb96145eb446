// The customers' home in one theme, as it would look. It is a picture: nothing in it can be used.
import type { CSSProperties } from 'react'
import type { AccentColoursFragment } from '../../gql/graphql'
import { Prose } from '../../ui/prose'
import { State } from '../../ui/state'
import { Mark } from '../session/mark'
import { useWhoIsThere } from '../session/viewer'
import { LogoImage } from './logo'
import type { Branding } from './page'

type Props = {
  theme: 'light' | 'dark'
  accent: AccentColoursFragment
  branding: Branding
  words: { support: string; homeText: string }
}

export function Preview({ theme, accent, branding, words }: Props) {
  const { displayName } = useWhoIsThere().viewer.organization
  const logo = (theme === 'dark' ? branding.logoDark : undefined) ?? branding.logo
  const colours = {
    '--accent': accent.text,
    '--accent-fill': accent.fill,
    '--on-accent': accent.on,
    '--accent-soft': accent.soft,
  } as CSSProperties
  return (
    <figure className={`preview is-apart is-${theme}`} style={colours} aria-label={`The customers’ home, ${theme}`}>
      <div className="brand">
        {logo ? <LogoImage of={logo} /> : <Mark />}
        <span>{displayName}</span>
      </div>
      <span className="preview-room">Home</span>
      <div className="preview-panel">
        <strong>Needs you</strong>
        <span>
          <State shape="failed" word="failed" /> <span className="preview-link">factory</span>{' '}
          <span className="muted">· database unhealthy</span>
        </span>
        <span className="preview-button">Update…</span>
      </div>
      {words.homeText.trim() === '' ? null : (
        <div className="preview-panel">
          <strong>From {displayName}</strong>
          <Prose text={words.homeText} />
        </div>
      )}
      {words.support.trim() === '' ? null : <span className="preview-link">Support</span>}
    </figure>
  )
}
