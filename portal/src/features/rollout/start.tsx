// From a wish to a rollout: what goes where, by which policy; the plan; and the start of that very plan.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { To, usePlaces } from '../../shell/places'
import { Button } from '../../ui/button'
import { SameInCli } from '../../ui/copy'
import { RefusalNote } from '../../ui/dialog'
import { refusalOf } from '../../ui/errors'
import { Field, TextArea } from '../../ui/field'
import { Page, Panel } from '../../ui/page'
import { NoPermission } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { toast } from '../../ui/toast'
import { useAction } from '../../ui/use-action'
import { CustomerChoice } from '../customer/choice'
import { useMay } from '../session/viewer'
import type { StartAddress } from './address'
import { ApplicationChoice, PolicyChoice, ReleaseChoice } from './choices'
import { START } from './mutations'
import { usePlan } from './plan'
import { PlanView } from './plan-view'
import { argumentsOf, instantOf, isWhole, type Wish, wanted } from './wish'
import './rollout.css'

export default function StartPage() {
  const { root } = usePlaces()
  const { app = '', version = '', policy = '' } = useSearch({ strict: false }) as StartAddress
  const mayStart = useMay('ROLL_OUT')
  return (
    <Page title="Start a rollout" section="Rollouts" crumbs={<To place={`${root}/rollouts`}>Rollouts</To>}>
      {mayStart ? (
        <StartForm key={`${app} ${version} ${policy}`} first={{ application: app, version, policy }} />
      ) : (
        <NoPermission detail="Owners and publishers start rollouts." />
      )}
    </Page>
  )
}

type First = Pick<Wish, 'application' | 'version' | 'policy'>

function StartForm({ first }: { first: First }) {
  const [wish, setWish] = useState<Wish>({ ...first, name: '', customers: [], labels: '', notBefore: '' })
  const put = (part: Partial<Wish>) => setWish(wish => ({ ...wish, ...part }))
  const { make, planOf, hasOther, error, isBusy } = usePlan()
  const asked = wanted(wish)
  const plan = planOf(asked)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isWhole(wish)) void make(asked)
  }
  return (
    <>
      <p className="lead">
        A plan changes nothing. It names the targets of each wave and who would wait; what you start is the plan that
        you see, or nothing.
      </p>
      <form className="form rollout-form" onSubmit={submit}>
        <div className="field-row">
          <ApplicationChoice value={wish.application} choose={application => put({ application, version: '' })} />
          <ReleaseChoice
            key={wish.application}
            application={wish.application}
            value={wish.version}
            choose={version => put({ version })}
          />
          <PolicyChoice value={wish.policy} choose={policy => put({ policy })} />
        </div>
        <Narrower wish={wish} put={put} />
        <RefusalNote error={error} />
        <div className="actions">
          <Button kind={plan ? 'plain' : 'primary'} type="submit" disabled={isBusy || !isWhole(wish)}>
            {isBusy ? 'Planning…' : plan ? 'Plan anew' : 'Show the plan'}
          </Button>
        </div>
      </form>
      {hasOther(asked) ? <p className="note">It changed since the plan was made; make the plan anew.</p> : null}
      {plan ? (
        <Panel title={`The plan of ${wish.application} ${plan.version}`}>
          <PlanView plan={plan} />
          <Begin wish={wish} digest={plan.digest} isEmpty={plan.members === 0} again={() => void make(asked)} />
        </Panel>
      ) : null}
      {isWhole(wish) && !plan ? (
        <SameInCli line={commandLine('distr', 'rollout', 'plan', ...argumentsOf(wish, undefined))} />
      ) : null}
    </>
  )
}

function Narrower({ wish, put }: { wish: Wish; put: (part: Partial<Wish>) => void }) {
  const { customers, labels, name, notBefore } = wish
  return (
    <details className="config">
      <summary>For some targets only, later, or by another name</summary>
      <div className="form">
        {customers.length > 0 ? (
          <ul className="filters" aria-label="Customers">
            {customers.map(customer => (
              <li key={customer} className="chip">
                {customer}
                <button
                  type="button"
                  className="chip-drop"
                  aria-label={`Without the customer ${customer}`}
                  onClick={() => put({ customers: customers.filter(other => other !== customer) })}
                >
                  ×
                </button>
              </li>
            ))}
          </ul>
        ) : null}
        <CustomerChoice
          label="Add a customer"
          isOptional
          value=""
          choose={customer => put({ customers: [...new Set([...customers, customer])] })}
        />
        <TextArea
          label="Labels"
          hint="One a line, as ring=early. A target must have all of them."
          rows={2}
          value={labels}
          onChange={event => put({ labels: event.target.value })}
          autoCapitalize="none"
          spellCheck={false}
        />
        <div className="field-row">
          <Field
            label="Name"
            hint="That of the version if empty."
            value={name}
            onChange={event => put({ name: event.target.value })}
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
          />
          <Field
            label="Not before"
            hint="By this machine’s clock; at once if empty."
            type="datetime-local"
            value={notBefore}
            onChange={event => put({ notBefore: event.target.value })}
          />
        </div>
      </div>
    </details>
  )
}

type BeginProps = { wish: Wish; digest: string; isEmpty: boolean; again: () => void }

function Begin({ wish, digest, isEmpty, again }: BeginProps) {
  const { act, isBusy, error, clear } = useAction(START)
  const places = usePlaces()
  const navigate = useNavigate()
  const start = async () => {
    const answer = await act({ ...wanted(wish), plan: digest, notBefore: instantOf(wish.notBefore) })
    if (!answer) return
    const { rollout } = answer.rolloutStart
    toast(
      rollout.state === 'PLANNED' ? `${rollout.name} is planned, and has not started` : `${rollout.name} has started`,
    )
    void navigate({ to: places.rollout(wish.application, rollout.name) })
  }
  const isOld = error && refusalOf(error).code === 'rollout.plan_changed'
  return (
    <>
      <RefusalNote error={error} />
      <div className="actions">
        {isOld ? (
          <Button
            kind="primary"
            onClick={() => {
              clear()
              again()
            }}
          >
            Plan anew
          </Button>
        ) : (
          <Button kind="primary" onClick={() => void start()} disabled={isBusy || isEmpty}>
            {isBusy ? 'Starting…' : 'Start this plan'}
          </Button>
        )}
        {isEmpty ? <span className="hint">No target runs a lower version, so that there is nothing to do.</span> : null}
      </div>
      <SameInCli line={commandLine('distr', 'rollout', 'start', ...argumentsOf(wish, digest))} />
    </>
  )
}
