// Who has to agree before the rollout goes on, who did, and agreeing or refusing. Whoever started it does not: the hub says so.
import { type FormEvent, useEffect, useState } from 'react'
import { useHubNow } from '../../live/clock'
import { Allowed, Button } from '../../ui/button'
import { Dialog, DialogFooter, RefusalNote } from '../../ui/dialog'
import { Panel } from '../../ui/page'
import { Loading } from '../../ui/page-states'
import { ReasonDialog } from '../../ui/reason-dialog'
import { commandLine } from '../../ui/shell-words'
import { State } from '../../ui/state'
import { Time } from '../../ui/time'
import { toast } from '../../ui/toast'
import { useAction } from '../../ui/use-action'
import { Actor, useMemberNames } from '../member/actor'
import { useMay } from '../session/viewer'
import { draftOf, rulesOf } from './draft'
import { APPROVE, REFUSE } from './mutations'
import { usePlan } from './plan'
import { PlanView } from './plan-view'
import type { Rollout } from './queries'
import { approvalWords } from './rule-words'
import { type Stage, stagesOf } from './steps'
import { tallyWords, total } from './tally'

type Props = { rollout: Rollout; done: () => void }

export function Approvals({ rollout, done }: Props) {
  const names = useMemberNames()
  const mayApprove = useMay('OVERSEE_ROLLOUTS')
  const [asked, setAsked] = useState<{ stage: Stage; isRefusal: boolean }>()
  const stages = stagesOf(rollout, useHubNow())
  const { approvals } = rollout
  if (stages.length === 0 && approvals.length === 0) return null
  const close = () => setAsked(undefined)
  return (
    <Panel title="Approvals">
      <ul className="lines" aria-label="Stages that want an approval">
        {stages.map(stage => (
          <li key={stage.stage} className="stage">
            <State
              shape={stage.missing === 0 ? 'ok' : 'held'}
              word={stage.missing === 0 ? `${stage.name} is approved` : `${stage.name} waits for ${stage.missing} more`}
            />
            <span className="muted">{approvalWords(stage.rule)}</span>
            <span className="actions">
              <Allowed may={mayApprove} needs="the right to oversee rollouts">
                {stage.missing > 0 ? (
                  <Button kind="primary" onClick={() => setAsked({ stage, isRefusal: false })}>
                    Approve {stage.name}…
                  </Button>
                ) : null}
                <Button onClick={() => setAsked({ stage, isRefusal: true })}>Refuse {stage.name}…</Button>
              </Allowed>
            </span>
          </li>
        ))}
        {approvals.map(({ stage, by, at }) => (
          <li key={`${stage} ${by}`} className="muted">
            <Actor actor={`member:${by}`} names={names} /> approved {stage === 0 ? 'the start' : `wave ${stage}`}{' '}
            <Time at={at} />
          </li>
        ))}
      </ul>
      {asked && !asked.isRefusal ? (
        <ApproveDialog rollout={rollout} stage={asked.stage} close={close} done={done} />
      ) : null}
      {asked?.isRefusal ? (
        <ReasonDialog
          document={REFUSE}
          variables={{ application: rollout.application.name, name: rollout.name, stage: asked.stage.stage }}
          title={`Refuse ${asked.stage.name}`}
          description="The rollout is paused with the reason. Whoever may start rollouts can resume it."
          deed="Refuse"
          said={`${rollout.name} is paused`}
          kind="danger"
          line={reason =>
            commandLine(
              'distr',
              'rollout',
              'refuse',
              rollout.name,
              '--app',
              rollout.application.name,
              ...waveArgument(asked.stage),
              '--reason',
              reason,
            )
          }
          close={close}
          done={done}
        />
      ) : null}
    </Panel>
  )
}

/** The plan as it would be made now, which is the one that is approved unless something has changed since. */
function PlanNow({ rollout: { application, name, version, policy, scope, digest } }: { rollout: Rollout }) {
  const { make, planOf, error, isBusy } = usePlan()
  const customers = scope?.customers.map(one => one.name) ?? []
  const labels = scope?.labels.map(({ key, value }) => ({ key, value })) ?? []
  const isNarrow = customers.length > 0 || labels.length > 0
  const asked = {
    application: application.name,
    version,
    name,
    policy: policy ? rulesOf(draftOf(policy)).rules : null,
    scope: isNarrow ? { customers, labels } : null,
  }
  const plan = planOf(asked)
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, for the dialog
  useEffect(() => void make(asked), [])
  if (error) return <RefusalNote error={error} />
  if (!plan) return isBusy ? <Loading what="the plan" rows={3} /> : null
  return (
    <>
      {plan.digest === digest ? null : (
        <p className="note is-error">
          Targets or releases have changed since: the plan would be another one now. Start the rollout again by the same
          name, and approve it then.
        </p>
      )}
      <PlanView plan={plan} />
    </>
  )
}

const waveArgument = ({ stage }: Stage) => (stage > 0 ? ['--wave', String(stage)] : [])

function ApproveDialog({ rollout, stage, close, done }: Props & { stage: Stage; close: () => void }) {
  const { act, isBusy, error } = useAction(APPROVE)
  const { application, name, version, digest } = rollout
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (!digest) return
    const answer = await act({ application: application.name, name, stage: stage.stage, plan: digest })
    if (!answer) return
    toast(answer.rolloutApprove.changed ? `You approved ${stage.name}` : 'It was approved already')
    done()
    close()
  }
  return (
    <Dialog
      open
      onClose={close}
      title={`Approve ${stage.name}`}
      wide
      description={
        rollout.startedAt
          ? `${application.displayName} ${version}, so far: ${tallyWords(total(rollout.waves))}.`
          : `You approve this plan of ${application.displayName} ${version}. Another plan would need another approval.`
      }
    >
      {rollout.startedAt ? null : <PlanNow rollout={rollout} />}
      <form className="form" onSubmit={event => void submit(event)}>
        <p className="muted">
          plan <code>{digest}</code>
        </p>
        <DialogFooter
          close={close}
          error={error}
          line={commandLine(
            'distr',
            'rollout',
            'approve',
            name,
            '--app',
            application.name,
            ...waveArgument(stage),
            '--plan',
            digest ?? '',
          )}
          isOff={isBusy || !digest}
        >
          Approve
        </DialogFooter>
      </form>
    </Dialog>
  )
}
