// One target of this customer, live.
import { useSubscription } from 'urql'
import { useWhoIsThere } from '../features/session/viewer'
import { useOverdue } from '../features/target/state-now'
import { graphql } from '../gql'
import { useLive } from '../live/use-live'

const TARGET = graphql(`
  query OneTarget($customer: Name!, $name: Name!) {
    target(customer: $customer, name: $name) { ...TargetDetail }
  }
`)

const NEWS = graphql(`
  subscription OneTargetNews($customer: Name!, $name: Name!) {
    targetChanged(customer: $customer, name: $name) { ...TargetDetail }
  }
`)

export function useTarget(name: string) {
  const { viewer } = useWhoIsThere()
  const customer = viewer.customer?.name ?? ''
  const asked = useLive(TARGET, { customer, name })
  useOverdue(asked.data && [asked.data.target], asked.quietly)
  useSubscription({ query: NEWS, variables: { customer, name } })
  return { ...asked, target: asked.data?.target }
}
