import { graphql } from '../../gql'
import type { PolicyRowFragment } from '../../gql/graphql'

export const POLICY_ROW = graphql(`
  fragment PolicyRow on RolloutPolicy { id name changedAt createdAt rules { ...Rules } }
`)

export const POLICIES = graphql(`
  query RolloutPolicies($first: Int!, $after: String) {
    rolloutPolicies(first: $first, after: $after) { nodes { ...PolicyRow } pageInfo { hasNextPage endCursor } }
  }
`)

export const POLICY_NAMES = graphql(`
  query RolloutPolicyNames {
    rolloutPolicies(first: 500) { nodes { id name } }
  }
`)

export const POLICY = graphql(`
  query RolloutPolicyPage($name: Name!) {
    rolloutPolicy(name: $name) { ...PolicyRow }
  }
`)

export const SET_POLICY = graphql(`
  mutation RolloutPolicySet($name: Name!, $policy: RolloutPolicyInput!) {
    rolloutPolicySet(name: $name, policy: $policy) { changed rolloutPolicy { ...PolicyRow } }
  }
`)

export const REMOVE_POLICY = graphql(`
  mutation RolloutPolicyRemove($name: Name!) {
    rolloutPolicyRemove(name: $name) { changed }
  }
`)

export type Policy = PolicyRowFragment
