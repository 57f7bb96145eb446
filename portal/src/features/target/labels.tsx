// Labels of a target. Each side has its own, and sees the other's; by any of them the fleet is found.

import { Link } from '@tanstack/react-router'
import { Tags } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { graphql } from '../../gql'
import { usePlaces } from '../../shell/places'
import { Allowed, Button } from '../../ui/button'
import { Dialog, DialogFooter } from '../../ui/dialog'
import { TextArea } from '../../ui/field'
import { type Label, labelsOf, textOf } from '../../ui/labels'
import { commandLine } from '../../ui/shell-words'
import { toast } from '../../ui/toast'
import { useAction } from '../../ui/use-action'
import { useMay, useWhoIsThere } from '../session/viewer'
import type { TargetDetail } from './detail'

const SET = graphql(`
  mutation TargetSetLabels($customer: Name!, $name: Name!, $labels: [LabelInput!]!) {
    targetSetLabels(customer: $customer, name: $name, labels: $labels) {
      changed target { id labels { key value } customerLabels { key value } }
    }
  }
`)

export function TargetLabels({ target }: { target: TargetDetail }) {
  const { viewer } = useWhoIsThere()
  const mayManage = useMay('MANAGE_TARGETS')
  const [isEditing, setEditing] = useState(false)
  const [ofVendor, ofCustomer] = [viewer.organization.displayName, target.customer.displayName]
  return (
    <div className="labels">
      <Tags size={15} aria-hidden="true" />
      <LabelList of={ofVendor} labels={target.labels} />
      <LabelList of={ofCustomer} labels={target.customerLabels} />
      {target.labels.length + target.customerLabels.length === 0 ? <span className="muted">no labels</span> : null}
      {target.retiredAt ? null : (
        <Allowed may={mayManage} needs="the right to manage targets">
          <Button kind="quiet" onClick={() => setEditing(true)}>
            Label…
          </Button>
        </Allowed>
      )}
      {isEditing ? <LabelDialog target={target} close={() => setEditing(false)} /> : null}
    </div>
  )
}

/** Each leads to those that have it, too. */
function LabelList({ of, labels }: { of: string; labels: Label[] }) {
  const { root } = usePlaces()
  if (labels.length === 0) return null
  return (
    <ul className="tags" aria-label={`Labels of ${of}`}>
      {labels.map(({ key, value }) => (
        <li key={key}>
          <Link
            className="tag"
            to={`${root}/targets` as string}
            search={{ label: [textOf([{ key, value }])] } as never}
            title={`by ${of}`}
          >
            {key}
            {value === '' ? null : <span className="muted">={value}</span>}
          </Link>
        </li>
      ))}
    </ul>
  )
}

function LabelDialog({ target, close }: { target: TargetDetail; close: () => void }) {
  const { viewer } = useWhoIsThere()
  const { act, isBusy, error } = useAction(SET)
  const own = viewer.customer ? target.customerLabels : target.labels
  const other = viewer.customer ? viewer.organization.displayName : target.customer.displayName
  const [text, setText] = useState(textOf(own))
  const labels = labelsOf(text)
  const [customer, name] = [target.customer.name, target.name]
  const gone = own.filter(({ key }) => labels.every(label => label.key !== key))
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const answer = await act({ customer, name, labels })
    if (!answer) return
    toast(answer.targetSetLabels.changed ? `${name} is labelled` : 'It was so already')
    close()
  }
  return (
    <Dialog
      open
      onClose={close}
      title={`Labels of ${name}`}
      description={`These are yours. ${other} sees them, and has labels of its own.`}
    >
      <form className="form" onSubmit={event => void submit(event)}>
        <TextArea
          label="Labels"
          value={text}
          onChange={event => setText(event.target.value)}
          rows={5}
          spellCheck={false}
          placeholder="region=eu"
          hint="One a line: region=eu, or a word alone."
        />
        <DialogFooter
          close={close}
          error={error}
          line={commandLine(
            'distr',
            'target',
            'label',
            name,
            '--customer',
            customer,
            ...labels.flatMap(({ key, value }) => ['--label', `${key}=${value}`]),
            ...gone.flatMap(({ key }) => ['--remove-label', key]),
          )}
          isOff={isBusy}
        >
          {isBusy ? 'Saving…' : 'Save'}
        </DialogFooter>
      </form>
    </Dialog>
  )
}
