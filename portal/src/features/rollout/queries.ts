// What is asked of rollouts. A customer is given its own part of each: null and empty where the vendor's rules would stand.
import { graphql } from '../../gql'
import type { RolloutDetailFragment, RolloutRowFragment } from '../../gql/graphql'

export const ROLLOUT_ROW = graphql(`
  fragment RolloutRow on Rollout {
    id name version kind state plannedBy plannedAt startedAt endedAt
    application { id name displayName }
    waves {
      number name state members waiting inFlight succeeded failed lost apart
      openedAt soaksUntil doneAt skippedBecause
    }
  }
`)

export const RULES = graphql(`
  fragment Rules on RolloutRules {
    waves {
      name percent count rest soakMinutes
      labels { key value }
      approve { roles count withinHours }
    }
    limits { inFlight inFlightPercent perCustomer startsPerMinute perLabel { label most } }
    gate {
      maxFailures maxFailurePercent maxUnknownPercent minDecided minSuccessPercent requireReachedPercent
    }
    timeoutMinutes unhealthyGraceMinutes retries leadMinutes onHalt tailDays
    approve { roles count withinHours }
    windows { zone allow { days start minutes } blackouts { from to } }
    keepCustomersTogether keepTogetherBy sticky closed
  }
`)

export const ROLLOUT_DETAIL = graphql(`
  fragment RolloutDetail on Rollout {
    ...RolloutRow
    haltedBecause reason digest notBefore
    holds { code text until }
    policy { ...Rules }
    limits { inFlight inFlightPercent perCustomer startsPerMinute perLabel { label most } }
    scope { customers { id name displayName } labels { key value } }
    approvals { stage by at }
  }
`)

export const ROLLOUTS = graphql(`
  query Rollouts($application: Name, $open: Boolean, $first: Int!, $after: String) {
    rollouts(application: $application, open: $open, first: $first, after: $after) {
      nodes { ...RolloutRow }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

export const ROLLOUT = graphql(`
  query RolloutPage($application: Name!, $name: Name!) {
    rollout(application: $application, name: $name) { ...RolloutDetail }
  }
`)

export type Row = RolloutRowFragment
export type Rollout = RolloutDetailFragment
export type Wave = Row['waves'][number]
export type Hold = Rollout['holds'][number]
export type Rules = NonNullable<Rollout['policy']>
export type Limits = Rules['limits']
export type ApprovalRule = NonNullable<Rules['approve']>

/** A rollout that is over never changes again. */
export const isOpen = ({ endedAt }: Pick<Row, 'endedAt'>) => !endedAt
