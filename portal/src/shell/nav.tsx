import { Link, useParams } from '@tanstack/react-router'
import {
  Activity,
  AppWindow,
  Gauge,
  KeyRound,
  LogOut,
  Menu as MenuIcon,
  Moon,
  Search,
  Server,
  Sun,
  SunMoon,
  Users,
  X,
} from 'lucide-react'
import { useState } from 'react'
import type { CombinedError } from 'urql'
import { Mark } from '../features/session/sign-in'
import { signOut } from '../features/session/sign-out'
import { roleWord, useWhoIsThere } from '../features/session/viewer'
import type { Permission } from '../gql/graphql'
import { RefusalNote } from '../ui/dialog'
import { LineIndicator } from './line-indicator'
import { nextTheme, useTheme } from './theme'

export const ROOMS = [
  { to: '/v/$organization', name: 'Overview', icon: Gauge, needs: 'READ_FLEET', key: 'o' },
  { to: '/v/$organization/targets', name: 'Targets', icon: Server, needs: 'READ_FLEET', key: 't' },
  { to: '/v/$organization/apps', name: 'Applications', icon: AppWindow, needs: 'READ_CATALOG', key: 'a' },
  { to: '/v/$organization/customers', name: 'Customers', icon: Users, needs: 'READ_CUSTOMERS', key: 'c' },
  { to: '/v/$organization/licenses', name: 'Licenses', icon: KeyRound, needs: 'READ_CUSTOMERS', key: 'l' },
  { to: '/v/$organization/activity', name: 'Activity', icon: Activity, needs: 'READ_LOG', key: 'e' },
] as const satisfies { to: string; name: string; icon: unknown; needs: Permission; key: string }[]

const THEMES = { system: SunMoon, light: Sun, dark: Moon }

export function Nav({ openPalette }: { openPalette: () => void }) {
  const { viewer, hub } = useWhoIsThere()
  const { organization = '' } = useParams({ strict: false })
  const [isOpen, setOpen] = useState(false)
  const [failure, setFailure] = useState<CombinedError>()
  const theme = useTheme()
  const Theme = THEMES[theme]
  const close = () => setOpen(false)
  return (
    <header className={isOpen ? 'side is-open' : 'side'}>
      <div className="side-head">
        <Link to="/v/$organization" params={{ organization }} className="brand" onClick={close}>
          <Mark />
          <span>{viewer.customer?.displayName ?? viewer.organization.displayName}</span>
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
        <button type="button" className="search-button" onClick={openPalette}>
          <Search size={14} aria-hidden="true" />
          Find or go to
          <kbd>Ctrl K</kbd>
        </button>
        <nav aria-label="Rooms">
          <ul>
            {ROOMS.filter(room => viewer.permissions.includes(room.needs)).map(({ to, name, icon: Icon }) => (
              <li key={to}>
                <Link
                  to={to}
                  params={{ organization }}
                  activeOptions={{ exact: name === 'Overview', includeSearch: false }}
                  className="room"
                  onClick={close}
                >
                  <Icon size={16} aria-hidden="true" />
                  {name}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <RefusalNote error={failure} />
        <div className="side-foot">
          <div className="who">
            <strong>{viewer.name ?? viewer.email ?? 'robot'}</strong>
            <span className="muted">
              {roleWord(viewer.role)} · Distr {hub.version}
            </span>
          </div>
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
            onClick={() => void signOut().then(setFailure)}
            aria-label="Sign out"
            title="Sign out"
          >
            <LogOut size={16} />
          </button>
        </div>
      </div>
    </header>
  )
}
