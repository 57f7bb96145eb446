import { graphql } from '../../gql'
import type { MemberRowFragment, Role } from '../../gql/graphql'

export const MEMBER_ROW = graphql(`
  fragment MemberRow on Member {
    id kind role signIn codeExpiresAt name email createdAt
    customer { id name displayName }
    sessions { id lastUsedAt }
    tokens { id endsAt lastUsedAt }
  }
`)

export const MEMBERS = graphql(`
  query Members($first: Int!, $after: String) {
    members(first: $first, after: $after) { nodes { ...MemberRow } pageInfo { hasNextPage endCursor } }
  }
`)

export const ROLES = graphql(`
  query Roles {
    roles { role permissions }
  }
`)

export type Member = MemberRowFragment

/** What a person or a robot is called, as far as anybody knows. */
export function calledOf({ name, email, id }: Pick<Member, 'name' | 'email' | 'id'>): string {
  return name ?? email ?? id.slice(-6)
}

/** By what the command line finds it. */
export function knownBy({ kind, name, email, id }: Member): string {
  return (kind === 'ROBOT' ? name : email) ?? id
}

const OF_CUSTOMERS: Role[] = ['CUSTOMER_ADMIN', 'CUSTOMER_VIEWER']
const OF_VENDOR: Role[] = ['OWNER', 'PUBLISHER', 'SUPPORT', 'AUDITOR']

/** A member changes its role on its own side alone. */
export function rolesBeside(role: Role): Role[] {
  return isCustomers(role) ? OF_CUSTOMERS : OF_VENDOR
}

export const isCustomers = (role: Role) => OF_CUSTOMERS.includes(role)

/** As the command line writes it. */
export const roleArgument = (role: Role) => role.toLowerCase().replace('_', '-')
