// What a policy says beside its waves and limits, as it is typed.
import { Choice, Field, TextArea } from '../../ui/field'
import { ApprovalFields } from './approval-fields'
import type { Draft, GateDraft } from './draft'

const GATE: [keyof GateDraft, string, string][] = [
  ['maxFailures', 'Failed and lost that are tolerated in all', 'no limit if empty'],
  ['maxFailurePercent', 'Failed and lost of a wave at most, %', 'of what is decided'],
  ['maxUnknownPercent', 'Lost of a wave at most, %', 'of what is decided'],
  ['minDecided', 'Outcomes before a share counts', 'fewer where fewer can be reached'],
  ['minSuccessPercent', 'Successes that pass a wave, %', 'what the failures leave if empty'],
  ['requireReachedPercent', 'Of a wave with an outcome, %', 'silent ones are not waited for if empty'],
]

export function GateFields({ gate, put }: { gate: GateDraft; put: (gate: GateDraft) => void }) {
  return (
    <div className="field-row">
      {GATE.map(([key, label, hint]) => (
        <Field
          key={key}
          label={label}
          hint={hint}
          value={gate[key]}
          onChange={event => put({ ...gate, [key]: event.target.value })}
          inputMode="numeric"
        />
      ))}
    </div>
  )
}

type Props = { draft: Draft; put: (part: Partial<Draft>) => void }

export function WindowFields({ draft, put }: Props) {
  return (
    <>
      <TextArea
        label="When targets may start"
        hint="A window on each line: days, local start and length, as mon-fri 22:00 4h. At any time if empty."
        rows={2}
        value={draft.windows}
        onChange={event => put({ windows: event.target.value })}
        autoCapitalize="none"
        spellCheck={false}
      />
      <TextArea
        label="Days on which nobody starts"
        hint="A day or a first and a last day on each line, as 2026-12-24 2027-01-02."
        rows={2}
        value={draft.blackouts}
        onChange={event => put({ blackouts: event.target.value })}
        spellCheck={false}
      />
      <div className="field-row">
        <Field
          label="Time zone"
          hint="as Europe/Berlin or UTC"
          value={draft.zone}
          onChange={event => put({ zone: event.target.value })}
          autoCapitalize="none"
          spellCheck={false}
        />
        <Field
          label="Left of a window for a start"
          hint="as 5m"
          value={draft.lead}
          onChange={event => put({ lead: event.target.value })}
        />
      </div>
    </>
  )
}

export function OtherFields({ draft, put }: Props) {
  const text = (key: 'timeout' | 'grace' | 'retries' | 'tail', label: string, hint: string) => (
    <Field label={label} hint={hint} value={draft[key]} onChange={event => put({ [key]: event.target.value })} />
  )
  return (
    <>
      <div className="field-row">
        {text('timeout', 'Time for each step', 'as 1h; who has no outcome then is lost')}
        {text('grace', 'Unhealthy for', 'as 5m; longer is a failure')}
        {text('retries', 'Tries more', 'after failures of network or resources')}
        {text('tail', 'Days for silent targets', 'to come back after the last wave')}
        <Choice
          label="On a halt"
          value={draft.onHalt}
          onChange={event => put({ onHalt: event.target.value === 'LEAVE' ? 'LEAVE' : 'WITHDRAW' })}
        >
          <option value="WITHDRAW">what no agent has begun goes back</option>
          <option value="LEAVE">what is released stays</option>
        </Choice>
        <Choice
          label="Kept in one wave"
          value={draft.keep}
          onChange={event => put({ keep: event.target.value as Draft['keep'] })}
        >
          <option value="none">nothing</option>
          <option value="customer">the targets of a customer</option>
          <option value="label">targets with the same value of a label</option>
        </Choice>
        {draft.keep === 'label' ? (
          <Field
            label="The label"
            value={draft.keepLabel}
            onChange={event => put({ keepLabel: event.target.value })}
            autoCapitalize="none"
            spellCheck={false}
          />
        ) : null}
      </div>
      <label className="check">
        <input type="checkbox" checked={draft.sticky} onChange={event => put({ sticky: event.target.checked })} />
        Each rollout has the same first targets
      </label>
      <label className="check">
        <input type="checkbox" checked={draft.closed} onChange={event => put({ closed: event.target.checked })} />
        Whoever joins while a rollout is open is left out
      </label>
      <ApprovalFields of="before the start" draft={draft.approve} put={approve => put({ approve })} />
    </>
  )
}
