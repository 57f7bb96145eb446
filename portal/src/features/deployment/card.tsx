// One deployment: what is wanted, what runs, how far the agent is, and what stands in the way.
import { Repeat, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { To, usePlaces } from '../../shell/places'
import { Allowed, Button } from '../../ui/button'
import { Fact, Facts } from '../../ui/page'
import { Unknown } from '../../ui/page-states'
import { PhaseBadge, ReleaseBadge } from '../../ui/state'
import { Since, Time } from '../../ui/time'
import { useMay } from '../session/viewer'
import type { TargetDetail } from '../target/detail'
import { FLAPPING } from '../target/running'
import { DeployDialog } from './deploy'
import { floorOf, standingWords } from './floor'
import { FloorNote } from './marks'
import { RemoveDialog } from './remove'
import { Steps } from './steps'

export type DeploymentDetail = TargetDetail['deployments'][number]
const HEALTH = { OK: 'ok', WARN: 'something is wrong', FAIL: 'does not do its work', UNKNOWN: 'not reported yet' }

export function DeploymentCard({ deployment, target }: { deployment: DeploymentDetail; target: TargetDetail }) {
  const places = usePlaces()
  const [dialog, setDialog] = useState<'deploy' | 'floor' | 'remove'>()
  const mayDeploy = useMay('DEPLOY')
  const isOpen = !target.retiredAt
  const { application, error, drift } = deployment
  const floor = isOpen ? floorOf(deployment) : undefined
  const close = () => setDialog(undefined)
  return (
    <section className="panel" aria-label={application.displayName}>
      <div className="panel-head">
        <h2>
          <To place={places.application?.(application.name)}>{application.displayName}</To>
        </h2>
        <PhaseBadge phase={deployment.phase} since={<Since at={deployment.changedAt} />} />
        <div className="actions" hidden={!isOpen}>
          <Allowed may={mayDeploy} needs="the right to deploy">
            <Button kind="quiet" onClick={() => setDialog('remove')}>
              Remove…
            </Button>
            <Button onClick={() => setDialog('deploy')}>Deploy…</Button>
          </Allowed>
        </div>
      </div>
      <Facts>
        <Fact name="Wanted">
          {deployment.removal ? 'removed' : deployment.desiredVersion}
          <span className="muted">
            {deployment.channel && !deployment.removal ? ` · by channel ${deployment.channel}` : null} · generation{' '}
            {deployment.generation}
          </span>
        </Fact>
        {deployment.namespace ? <Fact name="Namespace">{deployment.namespace}</Fact> : null}
        <Fact name="Running">{deployment.runningVersion ?? <Unknown why="nothing is known to run" />}</Fact>
        <Fact name="Health">{HEALTH[deployment.health]}</Fact>
        <Fact name="Changed">
          <Time at={deployment.changedAt} />
        </Fact>
      </Facts>
      <Steps phase={deployment.phase} step={deployment.step} running={deployment.runningVersion ?? undefined} />
      {floor ? (
        <FloorNote floor={floor}>
          {mayDeploy ? <Button onClick={() => setDialog('floor')}>Deploy {floor.version}…</Button> : null}
        </FloorNote>
      ) : null}
      <StandingNote of={deployment} />
      {error ? (
        <div className="refusal">
          <strong>
            {error.category ? <span className="category">{error.category.toLowerCase()}</span> : null} {error.text}
          </strong>
          {deployment.phase === 'HELD' ? <p>The host decides: it goes on by itself once the host lets it.</p> : null}
        </div>
      ) : null}
      {drift ? (
        <p className="note">
          <TriangleAlert size={14} aria-hidden="true" /> Changed by hand on the host, and not repaired yet: {drift}
        </p>
      ) : null}
      {deployment.isFlapping ? (
        <p className="note">
          <Repeat size={14} aria-hidden="true" /> Flapping. {FLAPPING}
        </p>
      ) : null}
      {deployment.config.length > 0 ? (
        <details className="config">
          <summary>Configuration · {deployment.config.length}</summary>
          <dl className="config-list">
            {deployment.config.map(({ key, value }) => (
              <div key={key}>
                <dt>{key}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </details>
      ) : null}
      {dialog === 'deploy' ? <DeployDialog target={target} deployment={deployment} close={close} /> : null}
      {dialog === 'floor' ? (
        <DeployDialog target={target} deployment={deployment} version={floor?.version} close={close} />
      ) : null}
      {dialog === 'remove' ? <RemoveDialog target={target} deployment={deployment} close={close} /> : null}
    </section>
  )
}

function StandingNote({ of: { release, removal } }: { of: DeploymentDetail }) {
  const words = removal ? undefined : standingWords(release)
  if (!words) return null
  return (
    <div className="note">
      <ReleaseBadge status={release.status} />
      <span className="note-words">
        {release.version} is {words}
      </span>
    </div>
  )
}
