// Who has to approve, as it is typed.
import type { RolloutApprover } from '../../gql/graphql'
import { Field } from '../../ui/field'
import type { ApprovalDraft } from './draft'

const ROLES: [RolloutApprover, string][] = [
  ['OWNER', 'owners'],
  ['PUBLISHER', 'publishers'],
  ['SUPPORT', 'support'],
]

type Props = { of: string; draft: ApprovalDraft; put: (draft: ApprovalDraft) => void }

export function ApprovalFields({ of, draft, put }: Props) {
  const turn = (role: RolloutApprover, isOn: boolean) =>
    put({ ...draft, roles: isOn ? [...draft.roles, role] : draft.roles.filter(other => other !== role) })
  return (
    <details className="config" open={draft.roles.length > 0 || undefined}>
      <summary>Approval {of}</summary>
      <fieldset className="choices">
        <legend className="hint">Who may approve; nobody has to if none is chosen</legend>
        {ROLES.map(([role, word]) => (
          <label key={role} className="check">
            <input
              type="checkbox"
              checked={draft.roles.includes(role)}
              onChange={event => turn(role, event.target.checked)}
            />
            {word}
          </label>
        ))}
      </fieldset>
      {draft.roles.length > 0 ? (
        <div className="field-row">
          <Field
            label="How many"
            value={draft.count}
            onChange={event => put({ ...draft, count: event.target.value })}
            inputMode="numeric"
          />
          <Field
            label="Counts for hours"
            hint="for ever if empty"
            value={draft.within}
            onChange={event => put({ ...draft, within: event.target.value })}
            inputMode="numeric"
          />
        </div>
      ) : null}
    </details>
  )
}
