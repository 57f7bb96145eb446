// The vendor's side: its rooms, and where its pages are.
import { useParams } from '@tanstack/react-router'
import {
  Activity,
  AppWindow,
  BellRing,
  ChartColumn,
  Gauge,
  KeyRound,
  Package,
  Palette,
  Server,
  ShieldCheck,
  Ticket,
  UserRound,
  Users,
  UsersRound,
  Waves,
} from 'lucide-react'
import { useMemo } from 'react'
import { AlertCount } from '../features/alert/count'
import { VENDORS_HELP } from '../features/docs/help'
import { useWhoIsThere } from '../features/session/viewer'
import { useFound } from './find'
import { Frame } from './frame'
import { Inside } from './inside'
import { type Places, PlacesProvider } from './places'
import type { Room } from './rooms'

const ROOMS: readonly Room[] = [
  { at: '', name: 'Overview', icon: Gauge, needs: 'READ_FLEET', key: 'o' },
  { at: '/alerts', name: 'Alerts', icon: BellRing, needs: 'READ_FLEET', count: AlertCount, key: 'n' },
  { at: '/targets', name: 'Targets', icon: Server, needs: 'READ_FLEET', key: 't' },
  { at: '/apps', name: 'Applications', icon: AppWindow, needs: 'READ_CATALOG', key: 'a' },
  { at: '/rollouts', name: 'Rollouts', icon: Waves, needs: 'READ_FLEET', key: 'w' },
  { at: '/registry', name: 'Registry', icon: Package, needs: 'READ_CATALOG', key: 'r' },
  { at: '/customers', name: 'Customers', icon: Users, needs: 'READ_CUSTOMERS', key: 'c' },
  { at: '/licenses', name: 'Licenses', icon: KeyRound, needs: 'READ_CUSTOMERS', key: 'l' },
  { at: '/activity', name: 'Activity', icon: Activity, needs: 'READ_LOG', key: 'e' },
  { at: '/proof', name: 'Proof', icon: ShieldCheck, needs: 'READ_CATALOG', key: 'p' },
  { at: '/analytics', name: 'Analytics', icon: ChartColumn, needs: 'READ_FLEET', key: 'y' },
  { at: '/members', name: 'Members', icon: UsersRound, needs: 'READ_MEMBERS', key: 'm' },
  { at: '/tokens', name: 'Tokens', icon: Ticket, key: 'k' },
  { at: '/branding', name: 'Branding', icon: Palette, key: 'b' },
  { at: '/me', name: 'You', icon: UserRound, key: 'i' },
]

const useHits = (text: string) => useFound(ROOMS, text)

function placesOf(organization: string): Places {
  const root = `/v/${organization}`
  return {
    name: 'Distr',
    root,
    docs: '/docs',
    help: VENDORS_HELP,
    target: (customer, name) => `${root}/targets/${customer}/${name}`,
    licenses: `${root}/licenses`,
    catalog: { at: `${root}/apps`, name: 'Applications' },
    license: (customer, name) => `${root}/licenses/${customer}/${name}`,
    rollout: (application, name) => `${root}/rollouts/${application}/${name}`,
    application: name => `${root}/apps/${name}`,
    release: (application, version) => `${root}/apps/${application}/releases/${encodeURIComponent(version)}`,
    customer: name => `${root}/customers/${name}`,
  }
}

export function Shell() {
  const { organization = '' } = useParams({ strict: false })
  const places = useMemo(() => placesOf(organization), [organization])
  return (
    <Inside side="v">
      <PlacesProvider value={places}>
        <Vendor />
      </PlacesProvider>
    </Inside>
  )
}

function Vendor() {
  const { viewer } = useWhoIsThere()
  const finds = 'a target, a customer, an application or a page'
  return <Frame rooms={ROOMS} title={viewer.organization.displayName} useHits={useHits} finds={finds} />
}
