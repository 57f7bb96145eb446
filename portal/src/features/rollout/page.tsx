// One rollout: how it stands, why it waits, its waves and targets, and what is done about it.
import { useParams } from '@tanstack/react-router'
import { useLive } from '../../live/use-live'
import { useNowAndThen } from '../../live/use-now-and-then'
import { To, usePlaces } from '../../shell/places'
import { SameInCli } from '../../ui/copy'
import { Fact, Facts, Page, Panel } from '../../ui/page'
import { Failed, Loading } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { Time } from '../../ui/time'
import { Actor, useMemberNames } from '../member/actor'
import { useMay, useWhoIsThere } from '../session/viewer'
import { Approvals } from './approvals'
import { Happened } from './happened'
import { Holds } from './holds'
import { Members } from './members'
import { isOpen, ROLLOUT, type Rollout } from './queries'
import { RolloutBadge } from './rollout-state'
import { limitsWords } from './rule-words'
import { RulesInWords } from './rules'
import { Steps } from './steps-bar'
import { total } from './tally'
import { Tally } from './tally-bar'
import { Waves } from './waves'
import { KINDS } from './words'
import './rollout.css'

/** What a rollout does makes no news of its own. */
const OFTEN = 3_000

export default function RolloutPage() {
  const { viewer } = useWhoIsThere()
  const places = usePlaces()
  const { application = '', rollout: name = '' } = useParams({ strict: false }) as Record<string, string>
  const { data, error, isLoading, again, quietly } = useLive(ROLLOUT, { application, name })
  const rollout = data?.rollout
  useNowAndThen(() => (rollout && !isOpen(rollout) ? undefined : quietly()), OFTEN)
  const crumbs = (
    <>
      <To place={`${places.root}/rollouts`}>Rollouts</To>
      {' / '}
      <To place={places.application?.(application)}>{rollout?.application.displayName ?? application}</To>
    </>
  )
  return (
    <Page
      title={name}
      section="Rollouts"
      crumbs={crumbs}
      aside={rollout ? <RolloutBadge state={rollout.state} /> : null}
      actions={rollout && !viewer.customer ? <Steps rollout={rollout} /> : null}
    >
      {error && !rollout ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the rollout" /> : null}
      {rollout ? <Detail rollout={rollout} done={again} /> : null}
    </Page>
  )
}

function Detail({ rollout, done }: { rollout: Rollout; done: () => void }) {
  const { viewer } = useWhoIsThere()
  const readsLog = useMay('READ_LOG')
  const { application, name, waves, holds, policy } = rollout
  return (
    <>
      <Why rollout={rollout} />
      <RolloutFacts rollout={rollout} />
      {viewer.customer ? null : <Approvals rollout={rollout} done={done} />}
      {holds.length > 0 ? (
        <Panel title="Why it waits">
          <Holds holds={holds} label="Why the rollout waits" />
        </Panel>
      ) : null}
      <Panel title="Waves">
        <Waves waves={waves} rules={policy ?? undefined} isPlaced={Boolean(rollout.startedAt)} />
      </Panel>
      <Members rollout={rollout} />
      {policy ? (
        <Panel title="Rules">
          <RulesInWords rules={policy} />
        </Panel>
      ) : null}
      {readsLog ? <Happened rollout={rollout} /> : null}
      <SameInCli line={commandLine('distr', 'rollout', 'status', name, '--app', application.name)} />
    </>
  )
}

/** Why it was stopped last: the gate's sentence, and somebody's. */
function Why({ rollout: { state, haltedBecause, reason } }: { rollout: Rollout }) {
  if (state === 'HALTED') {
    return (
      <p className="note is-error" role="status">
        Halted: {haltedBecause ?? reason ?? 'nobody said why'}
      </p>
    )
  }
  if (!reason) return null
  return (
    <p className={state === 'PAUSED' || state === 'ABORTED' ? 'note' : 'muted'} role="status">
      The reason that was given last: {reason}
    </p>
  )
}

function RolloutFacts({ rollout }: { rollout: Rollout }) {
  const places = usePlaces()
  const names = useMemberNames()
  const { application, version, kind, plannedBy, plannedAt, notBefore, startedAt, endedAt, limits, scope } = rollout
  const labels = scope?.labels.map(({ key, value }) => (value ? `${key}=${value}` : key)) ?? []
  return (
    <Facts>
      <Fact name={kind === 'ROLLBACK' ? 'Away from release' : 'To release'}>
        <To place={places.release?.(application.name, version)}>
          {application.displayName} {version}
        </To>
        {kind === 'UPGRADE' ? null : <span className="muted"> · {KINDS[kind]}</span>}
      </Fact>
      <Fact name="Targets">
        <Tally of={total(rollout.waves)} isPlaced={Boolean(startedAt)} />
      </Fact>
      {plannedBy ? (
        <Fact name="Started by">
          <Actor actor={plannedBy} names={names} />
        </Fact>
      ) : null}
      <Fact name="Planned">
        <Time at={plannedAt} />
      </Fact>
      {notBefore && !startedAt ? (
        <Fact name="Not before">
          <Time at={notBefore} />
        </Fact>
      ) : null}
      <Fact name="Started">{startedAt ? <Time at={startedAt} /> : 'not yet'}</Fact>
      {endedAt ? (
        <Fact name="Ended">
          <Time at={endedAt} />
        </Fact>
      ) : null}
      {limits ? <Fact name="Limits">{limitsWords(limits)}</Fact> : null}
      {scope && scope.customers.length > 0 ? (
        <Fact name="Customers">{scope.customers.map(({ displayName }) => displayName).join(', ')}</Fact>
      ) : null}
      {labels.length > 0 ? <Fact name="Targets with">{labels.join(', ')}</Fact> : null}
    </Facts>
  )
}
