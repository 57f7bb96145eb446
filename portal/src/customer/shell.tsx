// The customer's side: its rooms, and where its pages are, under the vendor's name.
import {
  Activity,
  Download,
  House,
  KeyRound,
  LifeBuoy,
  Server,
  ShieldCheck,
  Ticket,
  UserRound,
  UsersRound,
  Waves,
} from 'lucide-react'
import { type ReactNode, useMemo } from 'react'
import { useQuery } from 'urql'
import { Logo } from '../features/branding/logo'
import { CUSTOMERS_HELP } from '../features/docs/help'
import { useWhoIsThere } from '../features/session/viewer'
import { graphql } from '../gql'
import { Frame } from '../shell/frame'
import { Inside } from '../shell/inside'
import { customersRoot } from '../shell/own-host'
import type { Hit } from '../shell/palette'
import { type Places, PlacesProvider, usePlaces } from '../shell/places'
import { type Room, roomHits, useRooms } from '../shell/rooms'
import { ViewingBand } from '../shell/viewing'
import { Outward } from '../ui/outward'
import { useRested } from '../ui/use-rested'
import { BRANDING } from './branding'

const ROOMS: readonly Room[] = [
  { at: '', name: 'Home', icon: House, key: 'o' },
  { at: '/targets', name: 'Targets', icon: Server, needs: 'READ_FLEET', key: 't' },
  { at: '/rollouts', name: 'Rollouts', icon: Waves, needs: 'READ_FLEET', key: 'w' },
  { at: '/license', name: 'Licenses', icon: KeyRound, needs: 'READ_CUSTOMERS', key: 'l' },
  { at: '/downloads', name: 'Downloads', icon: Download, needs: 'READ_CATALOG', key: 'd' },
  { at: '/activity', name: 'Activity', icon: Activity, needs: 'READ_CUSTOMERS', key: 'e' },
  { at: '/proof', name: 'Proof', icon: ShieldCheck, needs: 'READ_CATALOG', key: 'p' },
  { at: '/members', name: 'Members', icon: UsersRound, needs: 'READ_MEMBERS', key: 'm' },
  { at: '/tokens', name: 'Tokens', icon: Ticket, key: 'k' },
  { at: '/me', name: 'You', icon: UserRound, key: 'i' },
]

const FIND = graphql(`
  query CustomerFind($text: String!, $asOf: Moment) {
    targets(filter: { search: $text }, first: 8, asOf: $asOf) { nodes { id name customer { id name } } }
  }
`)

function placesOf(root: string, name: string): Places {
  return {
    name,
    root,
    docs: `${root}/docs`,
    help: CUSTOMERS_HELP,
    target: (_customer, target) => `${root}/targets/${target}`,
    licenses: `${root}/license`,
    catalog: { at: `${root}/downloads`, name: 'Downloads' },
    license: (_customer, license) => `${root}/license/${license}`,
    rollout: (application, name) => `${root}/rollouts/${application}/${name}`,
    release: (application, version) => `${root}/apps/${application}/releases/${encodeURIComponent(version)}`,
  }
}

export function Shell() {
  return (
    <Inside side="p">
      <InPlaces>
        <Customer />
      </InPlaces>
    </Inside>
  )
}

function InPlaces({ children }: { children: ReactNode }) {
  const { name: organization, displayName: name } = useWhoIsThere().viewer.organization
  const places = useMemo(() => placesOf(customersRoot(organization), name), [organization, name])
  return <PlacesProvider value={places}>{children}</PlacesProvider>
}

function useHits(text: string): Hit[] {
  const { root, target } = usePlaces()
  const asked = useRested(text).trim()
  const [{ data }] = useQuery({ query: FIND, variables: { text: asked }, pause: asked === '' })
  const wanted = text.trim().toLowerCase()
  const rooms = roomHits(useRooms(ROOMS), root, wanted)
  if (wanted === '') return rooms
  const targets = (data?.targets.nodes ?? []).map(({ id, name, customer }) => ({
    id,
    name,
    note: 'target',
    icon: Server,
    to: target(customer.name, name),
  }))
  return [...targets, ...rooms]
}

function Customer() {
  const { customer, organization } = useWhoIsThere().viewer
  const { displayName } = organization
  const [{ data }] = useQuery({ query: BRANDING })
  const branding = data?.organization.branding
  return (
    <Frame
      rooms={ROOMS}
      title={displayName}
      mark={<Logo of={branding} />}
      below={branding?.support ? <Support to={branding.support} /> : null}
      above={<ViewingBand back={`/v/${organization.name}${customer ? `/customers/${customer.name}` : ''}`} />}
      useHits={useHits}
      finds="a target or a page"
    />
  )
}

function Support({ to }: { to: string }) {
  return (
    <p className="room-outward">
      <LifeBuoy size={16} aria-hidden="true" />
      <Outward to={to}>Support</Outward>
    </p>
  )
}
