// What the fleet's list shows, as its address says it. What the address says and nobody knows is dropped.
import type { SortOrder, TargetFilter, TargetSort, TargetState } from '../../gql/graphql'
import { STATES } from '../../ui/state'

export type FleetAddress = {
  state?: TargetState[]
  app?: string
  customer?: string
  q?: string
  /** as `tier=gold`, or a word alone for any value */
  label?: string[]
  /** by name, if nothing is said */
  sort?: TargetSort
  desc?: true
  after?: string
  from?: number
}

/** Each sort, and how the list begins by it. */
export const SORTS: Record<TargetSort, { word: string; desc?: true }> = {
  NAME: { word: 'name' },
  ATTENTION: { word: 'what needs somebody' },
  CUSTOMER: { word: 'customer' },
  HEARD: { word: 'last heard', desc: true },
  CREATED: { word: 'newest', desc: true },
}

export function orderOf({ sort, desc }: FleetAddress): { sort: TargetSort; order: SortOrder } {
  return { sort: sort ?? 'NAME', order: desc ? 'DESCENDING' : 'ASCENDING' }
}

/** The same list in another order, from its first page. */
export function sorted(
  { after: _, from: __, sort: ___, desc: ____, ...rest }: FleetAddress,
  sort: TargetSort,
  desc?: true,
) {
  const address: FleetAddress = rest
  if (sort !== 'NAME') address.sort = sort
  if (desc) address.desc = desc
  return address
}

/** By which the hub narrows a list at once. */
const MOST_LABELS = 8

const text = (value: unknown): string | undefined => {
  const words = typeof value === 'number' ? String(value) : value
  return typeof words === 'string' && words.trim() !== '' ? words.slice(0, 100) : undefined
}

export function readFleet(search: Record<string, unknown>): FleetAddress {
  const asked = Array.isArray(search.state) ? search.state : [search.state]
  const state = STATES.filter(state => asked.includes(state))
  const address: FleetAddress = {}
  if (state.length > 0) address.state = state
  const [app, customer, q, after] = [text(search.app), text(search.customer), text(search.q), text(search.after)]
  if (app) address.app = app
  if (customer) address.customer = customer
  if (q) address.q = q
  const label = (Array.isArray(search.label) ? search.label : [search.label]).map(text).filter(of => of !== undefined)
  if (label.length > 0) address.label = label.slice(0, MOST_LABELS)
  const sort = Object.keys(SORTS).find(sort => sort === search.sort && sort !== 'NAME')
  if (sort) address.sort = sort as TargetSort
  if (search.desc === true) address.desc = true
  if (after) address.after = after
  if (after && typeof search.from === 'number' && search.from > 0) address.from = search.from
  return address
}

/** All but the states: what the counts by state are counted within. */
export function withoutStates({ app, q, label }: FleetAddress): TargetFilter | null {
  const filter: TargetFilter = {}
  if (app) filter.application = app
  if (q) filter.search = q
  if (label) filter.labels = label.map(labelOf)
  return Object.keys(filter).length > 0 ? filter : null
}

function labelOf(text: string): { key: string; value: string | null } {
  const at = text.indexOf('=')
  return at < 0 ? { key: text, value: null } : { key: text.slice(0, at), value: text.slice(at + 1) }
}

export function filterOf(address: FleetAddress): TargetFilter | null {
  const filter = withoutStates(address)
  return address.state ? { ...filter, states: address.state } : filter
}

export function isFiltered({ state, app, customer, q, label }: FleetAddress): boolean {
  return Boolean(state || app || customer || q || label)
}
