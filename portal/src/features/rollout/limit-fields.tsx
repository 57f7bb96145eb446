// The limits of a rollout, as they are typed.
import { Field } from '../../ui/field'
import type { LimitsDraft } from './draft'

export function LimitFields({ draft, put }: { draft: LimitsDraft; put: (draft: LimitsDraft) => void }) {
  const field = (key: keyof LimitsDraft, label: string, hint?: string) => (
    <Field
      label={label}
      hint={hint}
      value={draft[key]}
      onChange={event => put({ ...draft, [key]: event.target.value })}
      required={key === 'inFlight'}
      inputMode={key === 'label' || key === 'inFlight' ? 'text' : 'numeric'}
      autoCapitalize="none"
      autoComplete="off"
      spellCheck={false}
    />
  )
  return (
    <div className="field-row">
      {field('inFlight', 'In flight at most', '5, or 5% of the targets')}
      {field('perCustomer', 'Of one customer', 'any number if empty')}
      {field('label', 'By label', 'such as region')}
      {field('perLabel', 'Of one value of it', 'any number if empty')}
      {field('starts', 'Starts a minute', 'any number if empty')}
    </div>
  )
}
