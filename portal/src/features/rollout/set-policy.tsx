// A policy by a form: one that is there, or a new one.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { useLive } from '../../live/use-live'
import { To, usePlaces } from '../../shell/places'
import { Button } from '../../ui/button'
import { SameInCli } from '../../ui/copy'
import { RefusalNote } from '../../ui/dialog'
import { Field } from '../../ui/field'
import { Page, Panel } from '../../ui/page'
import { Failed, Loading, NoPermission } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { toast } from '../../ui/toast'
import { useAction } from '../../ui/use-action'
import { useMay } from '../session/viewer'
import type { StartAddress } from './address'
import { type Draft, draftOf, FIRST_DRAFT, rulesOf } from './draft'
import { LimitFields } from './limit-fields'
import { GateFields, OtherFields, WindowFields } from './policy-fields'
import { POLICY, SET_POLICY } from './policy-queries'
import { WaveFields } from './wave-fields'
import { Wrong } from './wrong'
import './rollout.css'

export default function SetPolicyPage() {
  const { root } = usePlaces()
  const { policy: name } = useSearch({ strict: false }) as StartAddress
  const maySet = useMay('MANAGE_ROLLOUT_POLICIES')
  const { data, error, again } = useLive(POLICY, { name: name ?? '' }, name === undefined)
  const rules = data?.rolloutPolicy.rules
  const isNew = name === undefined
  return (
    <Page
      title={isNew ? 'Set a policy' : `Change ${name}`}
      section="Rollout policies"
      crumbs={<To place={`${root}/rollout-policies`}>Rollout policies</To>}
    >
      {maySet ? null : <NoPermission detail="Owners set policies." />}
      {maySet && error && !rules ? <Failed error={error} again={again} /> : null}
      {maySet && !isNew && !rules && !error ? <Loading what="the policy" /> : null}
      {maySet && (isNew || rules) ? (
        <PolicyForm key={name ?? ''} name={name} first={rules ? draftOf(rules) : FIRST_DRAFT} />
      ) : null}
    </Page>
  )
}

function PolicyForm({ name: known, first }: { name: string | undefined; first: Draft }) {
  const { act, isBusy, error } = useAction(SET_POLICY)
  const { root } = usePlaces()
  const navigate = useNavigate()
  const [name, setName] = useState(known ?? '')
  const [draft, setDraft] = useState(first)
  const [isTried, setTried] = useState(false)
  const put = (part: Partial<Draft>) => setDraft(draft => ({ ...draft, ...part }))
  const { rules, wrong } = rulesOf(draft)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (wrong.length > 0) return
    const answer = await act({ name: name.trim(), policy: rules })
    if (!answer) return
    toast(answer.rolloutPolicySet.changed ? `${name} is set` : 'It was so already')
    void navigate({ to: `${root}/rollout-policies/${name.trim()}` as string })
  }
  return (
    <form className="form rollout-form" onSubmit={event => void submit(event)} noValidate={false}>
      <p className="lead">
        A rollout keeps a copy of its policy: what you change here changes no rollout that is open.
      </p>
      {known === undefined ? (
        <Field
          label="Name"
          hint="Lower-case letters, digits and hyphens, as careful."
          value={name}
          onChange={event => setName(event.target.value)}
          required
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
        />
      ) : null}
      <Panel title="Waves">
        <WaveFields waves={draft.waves} put={waves => put({ waves })} />
      </Panel>
      <Panel title="Limits">
        <LimitFields draft={draft.limits} put={limits => put({ limits })} />
      </Panel>
      <Panel title="Gate">
        <GateFields gate={draft.gate} put={gate => put({ gate })} />
      </Panel>
      <Panel title="Windows">
        <WindowFields draft={draft} put={put} />
      </Panel>
      <Panel title="What else it says">
        <OtherFields draft={draft} put={put} />
      </Panel>
      {isTried ? <Wrong wrong={wrong} /> : null}
      <RefusalNote error={error} />
      <div className="actions">
        <Button kind="primary" type="submit" disabled={isBusy}>
          {isBusy ? 'Setting…' : 'Set the policy'}
        </Button>
      </div>
      <SameInCli line={commandLine('distr', 'policy', 'set', name || 'careful', '-f', `${name || 'careful'}.yaml`)} />
    </form>
  )
}
