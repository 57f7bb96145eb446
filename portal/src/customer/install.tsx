// Installing on another machine: a name for it, one command there, and a release. What follows is ticked by what the agent does, so that
// one may leave and come back.
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { DeployDialog } from '../features/deployment/deploy'
import { useMay, useWhoIsThere } from '../features/session/viewer'
import type { TargetDetail } from '../features/target/detail'
import { ENROL } from '../features/target/lifecycle'
import { PlaceFields, registerLine, useRegistration, whereToRun } from '../features/target/register'
import type { EnrolmentFragment } from '../gql/graphql'
import { To, usePlaces } from '../shell/places'
import { Allowed, Button } from '../ui/button'
import { SameInCli } from '../ui/copy'
import { RefusalNote } from '../ui/dialog'
import { Page, Panel } from '../ui/page'
import { Failed, Loading, NoPermission } from '../ui/page-states'
import { Secret } from '../ui/secret'
import { type Tick, Ticks } from '../ui/ticks'
import { Time } from '../ui/time'
import { useAction } from '../ui/use-action'
import { agentSteps, deploymentSteps } from './progress'
import { useTarget } from './use-target'

/** What registering was answered with, on the way to the page that shows it; kept nowhere else. */
let offered: { target: string; enrolment: EnrolmentFragment } | undefined

function takeOffered(target: string): EnrolmentFragment | undefined {
  const taken = offered?.target === target ? offered.enrolment : undefined
  offered = undefined
  return taken
}

export function InstallPage() {
  const { viewer } = useWhoIsThere()
  const { root } = usePlaces()
  const navigate = useNavigate()
  const mayManage = useMay('MANAGE_TARGETS')
  const { place, put, register, isBusy, error } = useRegistration(null)
  const customer = viewer.customer?.name ?? ''
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const registered = await register()
    if (!registered) return
    if (registered.enrolment) offered = { target: place.name, enrolment: registered.enrolment }
    void navigate({ to: `${root}/install/${place.name}` })
  }
  return (
    <Page title="Install on a machine" section="Install">
      {mayManage ? (
        <Panel title="Which machine">
          <form className="form is-narrow" onSubmit={event => void submit(event)}>
            <PlaceFields place={place} put={put} />
            <RefusalNote error={error} />
            <div className="actions">
              <Button kind="primary" type="submit" disabled={isBusy}>
                {isBusy ? 'Registering…' : 'Go on'}
              </Button>
            </div>
          </form>
          <SameInCli line={registerLine(place, customer)} />
        </Panel>
      ) : (
        <NoPermission detail="Admins of your organization register targets." />
      )}
    </Page>
  )
}

export function InstallTargetPage() {
  const { target: name = '' } = useParams({ strict: false })
  const places = usePlaces()
  const { target, error, isLoading, again } = useTarget(name)
  const crumbs = <To place={target ? places.target(target.customer.name, name) : undefined}>{name}</To>
  return (
    <Page title={`Install on ${name}`} section="Install" crumbs={crumbs}>
      {error && !target ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the target" /> : null}
      {target ? <Way target={target} /> : null}
    </Page>
  )
}

function Way({ target }: { target: TargetDetail }) {
  const places = usePlaces()
  const mayDeploy = useMay('DEPLOY')
  const [isDeploying, setDeploying] = useState(false)
  const [deployment] = target.deployments
  const isHeard = Boolean(target.lastHeartbeatAt)
  const isHealthy = deployment?.phase === 'HEALTHY'
  const steps = [...agentSteps(target), ...deploymentSteps(deployment, isHeard)]
  const ticks = steps.map(({ id, title, state, at, why }): Tick => {
    const note = why ?? (at ? <Time at={at} /> : undefined)
    return { id, title, state, note, children: todo(id) }
  })
  function todo(id: string) {
    if (id === 'enrolled' && !target.enrolledAt) return <Command target={target} />
    if (id !== 'asked' || deployment) return null
    return (
      <p className="actions">
        <Allowed may={mayDeploy} needs="the role admin">
          <Button kind={isHeard ? 'primary' : 'plain'} onClick={() => setDeploying(true)}>
            Choose a release…
          </Button>
        </Allowed>
      </p>
    )
  }
  return (
    <>
      <Ticks label="The way to a healthy release" ticks={ticks} />
      {isHealthy ? (
        <p className="note is-good">
          {deployment.application.displayName} {deployment.runningVersion} runs on {target.name}, and is healthy.{' '}
          <Link to={places.root || '/'}>Home</Link>
        </p>
      ) : (
        <p className="muted">You may leave this page and come back: it goes on without it.</p>
      )}
      {isDeploying ? <DeployDialog target={target} close={() => setDeploying(false)} /> : null}
    </>
  )
}

function Command({ target }: { target: TargetDetail }) {
  const { act, isBusy, error } = useAction(ENROL)
  const mayManage = useMay('MANAGE_TARGETS')
  const [enrolment, setEnrolment] = useState(() => takeOffered(target.name))
  const [customer, name] = [target.customer.name, target.name]
  const renew = async () => {
    const answer = await act({ customer, name })
    setEnrolment(answer?.targetOfferEnrolment.enrolment ?? undefined)
  }
  if (enrolment) {
    return (
      <>
        <p>
          {whereToRun(target.runtime)} {target.runtime === 'DOCKER' ? 'It needs Docker there, and is' : 'It is'} void{' '}
          <Time at={enrolment.expiresAt} />.
        </p>
        <Secret text={enrolment.command} what="the install command" />
      </>
    )
  }
  return (
    <>
      <p>
        {target.enrolmentExpiresAt
          ? 'A command was made before, and is not shown again. A new one voids it.'
          : 'The command that was made before is void.'}
      </p>
      <RefusalNote error={error} />
      <p className="actions">
        <Allowed may={mayManage} needs="the role admin">
          <Button kind="primary" onClick={() => void renew()} disabled={isBusy}>
            Make a new command
          </Button>
        </Allowed>
      </p>
    </>
  )
}
