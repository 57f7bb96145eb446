// What the vendor's palette finds: rooms, targets, customers, applications.
import { AppWindow, ListChecks, Server, Users, Waves } from 'lucide-react'
import { useQuery } from 'urql'
import { useMay } from '../features/session/viewer'
import { graphql } from '../gql'
import { useRested } from '../ui/use-rested'
import type { Hit } from './palette'
import { usePlaces } from './places'
import { type Room, roomHits, useRooms } from './rooms'

const FIND = graphql(`
  query Find($text: String!, $asOf: Moment) {
    targets(filter: { search: $text }, first: 8, asOf: $asOf) { nodes { id name customer { id name displayName } } }
    customers(search: $text, first: 5, asOf: $asOf) { nodes { id name displayName } }
    applications(search: $text, first: 5, asOf: $asOf) { nodes { id name displayName } }
  }
`)

export function useFound(all: readonly Room[], text: string): Hit[] {
  const places = usePlaces()
  const asked = useRested(text).trim()
  const [{ data }] = useQuery({ query: FIND, variables: { text: asked }, pause: asked === '' })
  const wanted = text.trim().toLowerCase()
  const rooms = [...roomHits(useRooms(all), places.root, wanted), ...useRolloutHits(wanted)]
  if (wanted === '') return rooms
  const targets = (data?.targets.nodes ?? []).map(({ id, name, customer }) => ({
    id,
    name,
    note: customer.displayName,
    icon: Server,
    to: places.target(customer.name, name),
  }))
  const customers = (data?.customers.nodes ?? []).map(({ id, name, displayName }) => ({
    id,
    name: displayName,
    note: 'customer',
    icon: Users,
    to: `${places.root}/customers/${name}`,
  }))
  const applications = (data?.applications.nodes ?? []).map(({ id, name, displayName }) => ({
    id,
    name: displayName,
    note: 'application',
    icon: AppWindow,
    to: `${places.root}/apps/${name}`,
  }))
  return [...targets, ...customers, ...applications, ...rooms]
}

/** What is reached by way of the rollouts, by its name at once. */
function useRolloutHits(wanted: string): Hit[] {
  const { root } = usePlaces()
  const [mayRead, mayStart] = [useMay('READ_ROLLOUT_PLANS'), useMay('ROLL_OUT')]
  const policies = { id: 'policies', name: 'Rollout policies', note: 'rules', icon: ListChecks }
  const start = { id: 'start', name: 'Start a rollout', note: 'plan', icon: Waves }
  const hits = [
    ...(mayRead ? [{ ...policies, to: `${root}/rollout-policies` }] : []),
    ...(mayStart ? [{ ...start, to: `${root}/rollouts/new` }] : []),
  ]
  return hits.filter(({ name }) => name.toLowerCase().includes(wanted))
}
