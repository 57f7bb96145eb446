// The plan of a rollout, as the hub would start it now. It is asked for when somebody wants to see it, and is in no cache.
import { useCallback, useState } from 'react'
import { type CombinedError, useClient } from 'urql'
import { graphql } from '../../gql'
import type { RolloutPlanQuery, RolloutPlanQueryVariables } from '../../gql/graphql'

const PLAN = graphql(`
  query RolloutPlan(
    $application: Name!, $version: Version!, $name: Name, $policyName: Name, $policy: RolloutPolicyInput,
    $scope: RolloutScopeInput, $first: Int!
  ) {
    rolloutPlan(
      application: $application, version: $version, name: $name, policyName: $policyName, policy: $policy, scope: $scope
    ) {
      name version digest members unmatched warnings
      held { targets hold { code text until } }
      waves {
        number name members
        targets(first: $first) {
          nodes {
            target { id name customer { id name displayName } }
            running hop
            holds { code text until }
          }
          pageInfo { hasNextPage }
        }
      }
    }
  }
`)

export type Plan = RolloutPlanQuery['rolloutPlan']
export type Asked = Omit<RolloutPlanQueryVariables, 'first'>

/** Targets of each wave that a plan names; the command line names all. */
export const NAMED = 100

/** `of` is what the plan was asked for with: a plan of something else is none of this. */
export function usePlan() {
  const client = useClient()
  const [plan, setPlan] = useState<{ of: string; plan: Plan }>()
  const [error, setError] = useState<CombinedError>()
  const [isBusy, setBusy] = useState(false)
  const make = useCallback(
    async (asked: Asked) => {
      setBusy(true)
      setError(undefined)
      const answer = await client.query(PLAN, { ...asked, first: NAMED }, { requestPolicy: 'network-only' }).toPromise()
      setBusy(false)
      setError(answer.error)
      setPlan(answer.data ? { of: JSON.stringify(asked), plan: answer.data.rolloutPlan } : undefined)
    },
    [client],
  )
  const planOf = (asked: Asked) => (plan?.of === JSON.stringify(asked) ? plan.plan : undefined)
  return { make, planOf, hasOther: (asked: Asked) => plan !== undefined && !planOf(asked), error, isBusy }
}
