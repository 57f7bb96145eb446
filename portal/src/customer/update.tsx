// Updating one application on one target: which release, and then the way of it, ticked by the agent's reports.
import { Link, useParams } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { Chosen } from '../features/deployment/chosen'
import { DEPLOY } from '../features/deployment/deploy'
import { DowngradeReason, downgradeArguments, downgradeFlags, isDowngrade } from '../features/deployment/downgrade'
import { floorOf, nextFloor } from '../features/deployment/floor'
import { FloorNote, ShortFloorMark } from '../features/deployment/marks'
import { useMay } from '../features/session/viewer'
import type { TargetDetail } from '../features/target/detail'
import { useLive } from '../live/use-live'
import { To, usePlaces } from '../shell/places'
import { Allowed, Button } from '../ui/button'
import { SameInCli } from '../ui/copy'
import { Change, RefusalNote } from '../ui/dialog'
import { Page, Panel } from '../ui/page'
import { Failed, Loading } from '../ui/page-states'
import { commandLine } from '../ui/shell-words'
import { ReleaseBadge } from '../ui/state'
import { type Tick, Ticks } from '../ui/ticks'
import { Time } from '../ui/time'
import { toast } from '../ui/toast'
import { useAction } from '../ui/use-action'
import { isOpen, newestOf, OFFERS, type Offered, type OfferedRelease } from './offers'
import { deploymentSteps } from './progress'
import { useTarget } from './use-target'

export function UpdatePage() {
  const { target: name = '', application: of = '' } = useParams({ strict: false })
  const places = usePlaces()
  const { target, error, isLoading, again } = useTarget(name)
  const offers = useLive(OFFERS, {})
  const application = offers.data?.applications.nodes.find(one => one.name === of)
  const crumbs = (
    <>
      <To place={`${places.root}/targets`}>Targets</To>
      {' / '}
      <To place={target ? places.target(target.customer.name, name) : undefined}>{name}</To>
    </>
  )
  return (
    <Page title={`Update ${application?.displayName ?? of}`} section={name} crumbs={crumbs}>
      {error && !target ? <Failed error={error} again={again} /> : null}
      {offers.error && !offers.data ? <Failed error={offers.error} again={offers.again} /> : null}
      {isLoading || offers.isLoading ? <Loading what="the releases" /> : null}
      {offers.data && !application ? (
        <div className="page-state">
          <h2>There is no application {of} here, or it is not yours to see</h2>
        </div>
      ) : null}
      {target && application ? <Update target={target} application={application} /> : null}
    </Page>
  )
}

function Update({ target, application }: { target: TargetDetail; application: Offered }) {
  const deployment = target.deployments.find(one => one.application.id === application.id)
  const steps = deploymentSteps(deployment, Boolean(target.lastHeartbeatAt))
  const ticks = steps.map(({ id, title, state, at, why }): Tick => {
    return { id, title, state, note: why ?? (at ? <Time at={at} /> : undefined) }
  })
  return (
    <>
      {deployment ? (
        <Panel title={titleOf(deployment)}>
          <Ticks label="The way of the release" ticks={ticks} />
        </Panel>
      ) : null}
      <Choose key={deployment?.generation} target={target} application={application} deployment={deployment} />
    </>
  )
}

function titleOf({ phase, desiredVersion }: TargetDetail['deployments'][number]): string {
  if (phase === 'HEALTHY' || phase === 'REMOVED' || phase === 'ABSENT') return 'What is there now'
  if (phase === 'FAILED') return `${desiredVersion} was given up`
  if (phase === 'HELD') return `The host holds ${desiredVersion}`
  return `${desiredVersion} is on its way`
}

/** What is required comes before what is newest: the way up does not pass it over. */
function firstOf(application: Offered, deployment: TargetDetail['deployments'][number] | undefined) {
  const { nodes } = application.releases
  const newest = newestOf(application)?.version
  const floor = deployment && floorOf(deployment)
  const next = floor && nextFloor(nodes, deployment.runningVersion, floor)
  const first = nodes.find(release => release.version === next && mayChoose(release))?.version ?? newest
  return first === deployment?.desiredVersion ? undefined : first
}

const mayChoose = (release: OfferedRelease) => isOpen(release) || (release.status === 'DEPRECATED' && !release.withheld)

type ChooseProps = {
  target: TargetDetail
  application: Offered
  deployment: TargetDetail['deployments'][number] | undefined
}

function Choose({ target, application, deployment }: ChooseProps) {
  const places = usePlaces()
  const mayDeploy = useMay('DEPLOY')
  const { act, isBusy, error } = useAction(DEPLOY)
  const wanted = deployment?.desiredVersion
  const newest = newestOf(application)?.version
  const [version, setVersion] = useState(() => firstOf(application, deployment))
  const isBack = isDowngrade(deployment?.runningVersion, version)
  const [reason, setReason] = useState('')
  const floor = deployment && floorOf(deployment)
  const names = { customer: target.customer.name, target: target.name, application: application.name }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const wish = { ...names, channel: null, config: null, ...downgradeArguments(isBack, reason) }
    const answer = version && (await act({ ...wish, version }))
    if (!answer) return
    toast(`${version} is asked for on ${target.name}`)
    for (const warning of answer.deploymentSetRelease.warnings) toast(warning)
  }
  const releases = application.releases.nodes.filter(({ status }) => status !== 'DRAFT')
  return (
    <Panel title="Which release">
      <form className="form" onSubmit={event => void submit(event)}>
        {floor ? <FloorNote floor={floor} /> : null}
        {newest && newest === wanted ? <p>The newest release that your license opens is asked for already.</p> : null}
        <ul className="offers" aria-label="Releases">
          {releases.map(release => (
            <li key={release.id} className="offer">
              <label className="check">
                <input
                  type="radio"
                  name="version"
                  value={release.version}
                  checked={release.version === version}
                  disabled={!isOpen(release) && release.status !== 'DEPRECATED'}
                  onChange={() => setVersion(release.version)}
                />
                <strong className="version">{release.version}</strong>
              </label>
              <ReleaseBadge status={release.status} />
              {release.required ? <span className="tag">required</span> : null}
              {release.outdatedBy ? <ShortFloorMark version={release.outdatedBy.version} /> : null}
              {release.version === wanted ? <span className="tag">asked for now</span> : null}
              {release.withheld ? (
                <span className="muted">not yours: {release.withheld}</span>
              ) : (
                <To place={places.release?.(application.name, release.version)}>What is in it</To>
              )}
            </li>
          ))}
        </ul>
        {version ? (
          <Change what="What runs" before={deployment?.runningVersion ?? 'nothing known'} after={version} />
        ) : null}
        <Chosen
          application={application.name}
          version={version}
          running={deployment?.runningVersion}
          releases={releases}
          choose={setVersion}
        />
        {isBack ? <DowngradeReason reason={reason} put={setReason} /> : null}
        <RefusalNote error={error} />
        <div className="actions">
          <Allowed may={mayDeploy} needs="the role admin">
            <Button
              kind="primary"
              type="submit"
              disabled={isBusy || !version || version === wanted || (isBack && !reason.trim())}
            >
              {isBusy ? 'Asking…' : 'Update'}
            </Button>
          </Allowed>
          <Link className="button is-plain" to={places.target(names.customer, names.target)}>
            Back to {target.name}
          </Link>
        </div>
      </form>
      {version ? (
        <SameInCli
          line={commandLine(
            'distr',
            'deploy',
            '--customer',
            names.customer,
            '--target',
            names.target,
            '--app',
            names.application,
            '--version',
            version,
            ...downgradeFlags(isBack, reason),
          )}
        />
      ) : null}
    </Panel>
  )
}
