// What the pages of rollouts show, as their addresses say it. What an address says and nobody knows is dropped.
import type { RolloutMemberState } from '../../gql/graphql'
import { MEMBERS } from './words'

type Search = Record<string, unknown>

export type RolloutsAddress = { app?: string; is?: 'open' | 'ended'; after?: string; from?: number }
export type MembersAddress = { wave?: number; state?: RolloutMemberState; hold?: string; after?: string; from?: number }
export type StartAddress = { app?: string; version?: string; policy?: string }

const LONGEST = 100
/** As policies have it. */
const MOST_WAVES = 50

/** A version such as `1.5` is a number to whoever reads addresses. */
const text = (value: unknown): string | undefined => {
  const words = typeof value === 'number' ? String(value) : value
  return typeof words === 'string' && words.trim() !== '' ? words.trim().slice(0, LONGEST) : undefined
}

const page = ({ after, from }: Search): { after?: string; from?: number } => {
  const cursor = text(after)
  if (!cursor) return {}
  return typeof from === 'number' && from > 0 ? { after: cursor, from } : { after: cursor }
}

export function readRollouts(search: Search): RolloutsAddress {
  const address: RolloutsAddress = page(search)
  const app = text(search.app)
  if (app) address.app = app
  if (search.is === 'open' || search.is === 'ended') address.is = search.is
  return address
}

export function readMembers(search: Search): MembersAddress {
  const address: MembersAddress = page(search)
  const { wave, state } = search
  if (typeof wave === 'number' && Number.isInteger(wave) && wave >= 1 && wave <= MOST_WAVES) address.wave = wave
  if (typeof state === 'string' && Object.hasOwn(MEMBERS, state)) address.state = state as RolloutMemberState
  const hold = text(search.hold)
  if (hold) address.hold = hold
  return address
}

export function readStart(search: Search): StartAddress {
  const address: StartAddress = {}
  const [app, version, policy] = [text(search.app), text(search.version), text(search.policy)]
  if (app) address.app = app
  if (version) address.version = version
  if (policy) address.policy = policy
  return address
}
