// Who did something, by the name that the viewer may know.
import { useMemo } from 'react'
import { graphql } from '../../gql'
import { useLive } from '../../live/use-live'
import { useMay, useWhoIsThere } from '../session/viewer'

const MEMBERS = graphql(`
  query MemberNames {
    members(first: 500) { nodes { id name email } }
  }
`)

const KINDS: Record<string, string> = {
  member: 'Member',
  robot: 'Robot',
  agent: 'Agent',
  policy: 'Hub:',
  operator: 'The operator',
  anonymous: 'Somebody',
}

/** By id; empty for those who may not know. */
export function useMemberNames(): ReadonlyMap<string, string> {
  const mayKnow = useMay('READ_MEMBERS')
  const { data } = useLive(MEMBERS, {}, !mayKnow)
  return useMemo(
    () => new Map(data?.members.nodes.map(({ id, name, email }) => [id, name ?? email ?? '']) ?? []),
    [data],
  )
}

export function Actor({ actor, names }: { actor: string; names: ReadonlyMap<string, string> }) {
  const { viewer } = useWhoIsThere()
  const [kind = '', id = ''] = actor.split(':')
  // of whom a customer learns nothing but that it was the vendor
  if (kind === 'vendor') return <span>{viewer.organization.displayName}</span>
  const name = id === viewer.memberId ? 'You' : names.get(id)
  const known = kind === 'policy' ? id : id.slice(-6)
  return (
    <span title={actor}>
      {kind === 'agent' || !name ? (KINDS[kind] ?? actor) : null} {name || (id ? <code>{known}</code> : null)}
    </span>
  )
}
