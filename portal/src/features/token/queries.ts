import { graphql } from '../../gql'
import type { TokenRowFragment, TokenScope } from '../../gql/graphql'
import { hubNow } from '../../live/clock'

export const TOKEN_ROW = graphql(`
  fragment TokenRow on Token {
    id label scopes repositories expiresAt revokedAt endsAt createdAt lastUsedAt lastUsedFrom
  }
`)

export const OWN_TOKENS = graphql(`
  query OwnTokens {
    viewer { memberId tokens { ...TokenRow } }
  }
`)

/** Robots are told from people in a page of members: at most so many are looked at. */
export const ROBOTS = graphql(`
  query Robots {
    members(first: 200) {
      nodes { id kind role name customer { id name displayName } tokens { ...TokenRow } }
      pageInfo { hasNextPage }
    }
  }
`)

export type Token = TokenRowFragment

export const SCOPES: Record<TokenScope, string> = {
  READ: 'queries',
  WRITE: 'changes, but for those of admin',
  PULL: 'pulls from the registry',
  PUSH: 'pushes to the registry',
  DELETE: 'deletes from the registry',
  ADMIN: 'members, tokens, quotas, policies',
}

export function isOver({ endsAt }: Token): boolean {
  return Boolean(endsAt) && Date.parse(endsAt ?? '') <= hubNow()
}
