// The deploy dialog from a list: the target is read once somebody asks for it.
import { useState } from 'react'
import { graphql } from '../../gql'
import { useLive } from '../../live/use-live'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { Failed, Loading } from '../../ui/page-states'
import { useMay } from '../session/viewer'
import { DeployDialog } from './deploy'

const TARGET = graphql(`
  query DeployTarget($customer: Name!, $name: Name!) {
    target(customer: $customer, name: $name) { ...TargetDetail }
  }
`)

type Props = { customer: string; target: string; application: { name: string; displayName: string }; version: string }

/** For whoever may deploy. */
export function DeployHere(props: Props) {
  const mayDeploy = useMay('DEPLOY')
  const [isOpen, setOpen] = useState(false)
  if (!mayDeploy) return null
  return (
    <>
      <Button kind="quiet" onClick={() => setOpen(true)}>
        Deploy…
        <span className="unseen">
          {' '}
          {props.application.displayName} {props.version} on {props.target}
        </span>
      </Button>
      {isOpen ? <Here {...props} close={() => setOpen(false)} /> : null}
    </>
  )
}

function Here({ customer, target: name, application, version, close }: Props & { close: () => void }) {
  const { data, error, again } = useLive(TARGET, { customer, name })
  const target = data?.target
  const deployment = target?.deployments.find(one => one.application.name === application.name)
  if (target && deployment)
    return <DeployDialog target={target} deployment={deployment} version={version} close={close} />
  return (
    <Dialog open onClose={close} title={`Deploy to ${name}`}>
      {error ? <Failed error={error} again={again} /> : <Loading what="the target" rows={4} />}
    </Dialog>
  )
}
