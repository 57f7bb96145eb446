// One target: how it is, what runs there, and why.
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useSubscription } from 'urql'
import { graphql } from '../../gql'
import { useLive } from '../../live/use-live'
import { To, usePlaces } from '../../shell/places'
import { Allowed, Button } from '../../ui/button'
import { Page } from '../../ui/page'
import { Failed, Loading } from '../../ui/page-states'
import { MEANINGS, TargetStateBadge } from '../../ui/state'
import { DeployDialog } from '../deployment/deploy'
import { floorOf } from '../deployment/floor'
import { ShortFloorMark } from '../deployment/marks'
import { Life } from '../moment/life'
import { useMay, useWhoIsThere } from '../session/viewer'
import { Detail, type TargetDetail } from './detail'
import { EnrolAgain, RetireDialog } from './lifecycle'
import { useOverdue, useStateOf } from './state-now'

const TARGET = graphql(`
  query TargetPage($customer: Name!, $name: Name!, $asOf: Moment) {
    target(customer: $customer, name: $name, asOf: $asOf) { ...TargetDetail }
  }
`)

const NEWS = graphql(`
  subscription TargetPageNews($customer: Name!, $name: Name!) {
    targetChanged(customer: $customer, name: $name) { ...TargetDetail }
  }
`)

export function TargetPage() {
  const { viewer } = useWhoIsThere()
  const places = usePlaces()
  const params = useParams({ strict: false })
  const [customer, name] = [params.customer ?? viewer.customer?.name ?? '', params.target ?? '']
  const { data, error, isLoading, again, quietly } = useLive(TARGET, { customer, name })
  useOverdue(data && [data.target], quietly)
  useSubscription({ query: NEWS, variables: { customer, name } })
  const [dialog, setDialog] = useState<'deploy' | 'retire' | 'enrol'>()
  const mayDeploy = useMay('DEPLOY')
  const mayManage = useMay('MANAGE_TARGETS')
  const stateOf = useStateOf()
  const target = data?.target
  const close = () => setDialog(undefined)
  const crumbs = (
    <>
      <To place={`${places.root}/targets`}>Targets</To>
      {places.customer ? (
        <>
          {' / '}
          <To place={places.customer(customer)}>{target?.customer.displayName ?? customer}</To>
        </>
      ) : null}
    </>
  )
  const actions = target && !target.retiredAt && (
    <>
      <Allowed may={mayManage} needs="the right to manage targets">
        <Button kind="quiet" onClick={() => setDialog('enrol')}>
          Enrol again…
        </Button>
        <Button kind="quiet" onClick={() => setDialog('retire')}>
          Retire…
        </Button>
      </Allowed>
      <Allowed may={mayDeploy} needs="the right to deploy">
        <Button kind="primary" onClick={() => setDialog('deploy')}>
          Deploy…
        </Button>
      </Allowed>
    </>
  )
  return (
    <Page
      title={name}
      section="Targets"
      crumbs={crumbs}
      aside={
        target ? (
          <>
            <span title={MEANINGS[stateOf(target)]}>
              <TargetStateBadge state={stateOf(target)} />
            </span>
            <Floors of={target} />
          </>
        ) : null
      }
      actions={actions}
    >
      <Life key={`${customer} ${name}`} of="target" customer={customer} name={name} />
      {error && !target ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the target" /> : null}
      {target ? (
        <Detail target={target} deploy={mayDeploy && !target.retiredAt ? () => setDialog('deploy') : undefined} />
      ) : null}
      {target && dialog === 'deploy' ? <DeployDialog target={target} close={close} /> : null}
      {target && dialog === 'retire' ? <RetireDialog target={target} close={close} /> : null}
      {target && dialog === 'enrol' ? <EnrolAgain target={target} close={close} /> : null}
    </Page>
  )
}

/** In short, above all else; the card of each says why. */
function Floors({ of: { deployments, retiredAt } }: { of: TargetDetail }) {
  if (retiredAt) return null
  return deployments.map(deployment => {
    const floor = floorOf(deployment)
    const name = deployments.length > 1 ? deployment.application.displayName : undefined
    return floor ? <ShortFloorMark key={deployment.id} version={floor.version} name={name} /> : null
  })
}
