// What the agent of a cluster may do there, as Kubernetes is told: shown when somebody asks.
import { useState } from 'react'
import { graphql } from '../../gql'
import { useLive } from '../../live/use-live'
import { Button } from '../../ui/button'
import { CommandLine } from '../../ui/copy'
import { Panel } from '../../ui/page'
import { Failed, Loading } from '../../ui/page-states'
import type { TargetDetail } from './detail'

const ROLES = graphql(`
  query TargetRoles($customer: Name!, $name: Name!) {
    target(customer: $customer, name: $name) { id roles }
  }
`)

export function Roles({ target }: { target: TargetDetail }) {
  const [isShown, setShown] = useState(false)
  const names = { customer: target.customer.name, name: target.name }
  const { data, error, again } = useLive(ROLES, names, !isShown)
  const roles = data?.target.roles
  return (
    <Panel title="Rights in the cluster">
      <p className="muted">
        The agent may do what the releases have that run here, and the newest of each application that this customer may
        have. If a release needs more, it waits, and says which rule is missing: give the agent these Roles, and it goes
        on.
      </p>
      {isShown ? null : (
        <p className="actions">
          <Button onClick={() => setShown(true)}>Show the Roles</Button>
        </p>
      )}
      {error && !data ? <Failed error={error} again={again} /> : null}
      {isShown && !data && !error ? <Loading what="the Roles" /> : null}
      {roles ? <CommandLine line={`kubectl apply -f - <<'DISTR'\n${roles}DISTR`} label="the command" /> : null}
    </Panel>
  )
}
