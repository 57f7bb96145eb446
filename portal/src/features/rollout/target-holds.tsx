// Why open rollouts do not start on a target, application by application. Holds come and go with time, and tell no news.
import { Hourglass } from 'lucide-react'
import { graphql } from '../../gql'
import { useLive } from '../../live/use-live'
import { useNowAndThen } from '../../live/use-now-and-then'
import { Holds } from './holds'
import { RolloutsLink } from './link'
import './rollout.css'

const HOLDS = graphql(`
  query TargetHolds($customer: Name!, $name: Name!) {
    target(customer: $customer, name: $name) {
      id
      deployments { id application { id name displayName } holds { code text until } }
    }
  }
`)

export default function TargetHolds({ customer, name }: { customer: string; name: string }) {
  const { data, quietly } = useLive(HOLDS, { customer, name })
  useNowAndThen(quietly)
  const held = data?.target.deployments.filter(({ holds }) => holds && holds.length > 0) ?? []
  return held.map(({ id, application, holds }) => (
    <div key={id} className="note is-hold" role="group" aria-label={`Rollouts of ${application.displayName}`}>
      <Hourglass size={14} aria-hidden="true" />
      <span>
        A rollout of {application.displayName} waits for this target.{' '}
        <RolloutsLink application={application.name}>Its rollouts</RolloutsLink>
      </span>
      <Holds holds={holds ?? []} label={`Why rollouts of ${application.displayName} wait`} />
    </div>
  ))
}
