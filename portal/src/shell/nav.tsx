import { Link } from '@tanstack/react-router'
import { BookOpen, History, LogOut, Menu as MenuIcon, Moon, Search, Sun, SunMoon, X } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { CombinedError } from 'urql'
import { Mark } from '../features/session/mark'
import { signOut } from '../features/session/sign-out'
import { roleWord, useWhoIsThere } from '../features/session/viewer'
import { useMoment } from '../live/moment'
import { RefusalNote } from '../ui/dialog'
import { LineIndicator } from './line-indicator'
import { To, usePlaces } from './places'
import { type Room, useRooms } from './rooms'
import { nextTheme, useTheme } from './theme'

const THEMES = { system: SunMoon, light: Sun, dark: Moon }

type Props = {
  rooms: readonly Room[]
  title: string
  mark?: ReactNode
  below?: ReactNode
  openPalette: () => void
  lookBack: () => void
}

export function Nav({ rooms, title, mark = <Mark />, below, openPalette, lookBack }: Props) {
  const { root, docs } = usePlaces()
  const [isOpen, setOpen] = useState(false)
  const [failure, setFailure] = useState<CombinedError>()
  const close = () => setOpen(false)
  const isPast = useMoment() !== undefined
  return (
    <header className={isOpen ? 'side is-open' : 'side'}>
      <div className="side-head">
        <Link to={root || '/'} className="brand" onClick={close}>
          {mark}
          <span>{title}</span>
        </Link>
        <LineIndicator />
        <button
          type="button"
          className="icon-button menu-button"
          aria-expanded={isOpen}
          aria-label="Menu"
          onClick={() => setOpen(!isOpen)}
        >
          {isOpen ? <X size={18} /> : <MenuIcon size={18} />}
        </button>
      </div>
      <div className="side-body">
        <button
          type="button"
          className="search-button"
          onClick={() => {
            close()
            openPalette()
          }}
          aria-keyshortcuts="Control+K Meta+K"
        >
          <Search size={14} aria-hidden="true" />
          Find or go to
          <kbd>Ctrl K</kbd>
        </button>
        <nav aria-label="Rooms">
          <ul>
            {useRooms(rooms).map(({ at, name, icon: Icon, count: Count }) => (
              <li key={at}>
                <Link
                  to={root + at || '/'}
                  activeOptions={{ exact: at === '', includeSearch: false }}
                  className="room"
                  onClick={close}
                >
                  <Icon size={16} aria-hidden="true" />
                  {name}
                  {Count && !isPast ? <Count /> : null}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        {below}
        <button
          type="button"
          className="room"
          onClick={() => {
            close()
            lookBack()
          }}
        >
          <History size={16} aria-hidden="true" />
          As of a moment…
        </button>
        <Link to={docs} className="room" onClick={close}>
          <BookOpen size={16} aria-hidden="true" />
          Documentation
        </Link>
        <RefusalNote error={failure} />
        <Foot close={close} failed={setFailure} />
      </div>
    </header>
  )
}

function Foot({ close, failed }: { close: () => void; failed: (error: CombinedError | undefined) => void }) {
  const { viewer, hub } = useWhoIsThere()
  const { root } = usePlaces()
  const theme = useTheme()
  const Theme = THEMES[theme]
  return (
    <div className="side-foot">
      <To place={`${root}/me`} className="who" onClick={close}>
        <strong>{viewer.name ?? viewer.email ?? 'robot'}</strong>
        <span className="muted">
          {roleWord(viewer.role)} · {viewer.customer ? viewer.customer.displayName : `Distr ${hub.version}`}
        </span>
      </To>
      <button
        type="button"
        className="icon-button"
        onClick={nextTheme}
        aria-label={`Theme: ${theme}`}
        title={`Theme: ${theme}`}
      >
        <Theme size={16} />
      </button>
      <button
        type="button"
        className="icon-button"
        onClick={() => void signOut(root).then(failed)}
        aria-label="Sign out"
        title="Sign out"
      >
        <LogOut size={16} />
      </button>
    </div>
  )
}
