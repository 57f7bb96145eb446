// The beginning and the end of a target: a new agent in the place of the old, and its retirement, which is for ever.
import { type FormEvent, useState } from 'react'
import { graphql } from '../../gql'
import type { EnrolmentFragment } from '../../gql/graphql'
import { Dialog, DialogFooter } from '../../ui/dialog'
import { TextArea } from '../../ui/field'
import { commandLine } from '../../ui/shell-words'
import { toast } from '../../ui/toast'
import { useAction } from '../../ui/use-action'
import type { TargetDetail } from './detail'
import { EnrolmentDialog } from './register'

export const ENROL = graphql(`
  mutation TargetOfferEnrolment($customer: Name!, $name: Name!) {
    targetOfferEnrolment(customer: $customer, name: $name) {
      changed target { id enrolmentExpiresAt } enrolment { ...Enrolment }
    }
  }
`)

const RETIRE = graphql(`
  mutation TargetRetire($customer: Name!, $name: Name!, $reason: String!) {
    targetRetire(customer: $customer, name: $name, reason: $reason) { changed target { id retiredAt state } }
  }
`)

type Props = { target: TargetDetail; close: () => void }

export function EnrolAgain({ target, close }: Props) {
  const { act, isBusy, error } = useAction(ENROL)
  const [enrolment, setEnrolment] = useState<EnrolmentFragment>()
  const [customer, name] = [target.customer.name, target.name]
  const offer = async () => {
    const answer = await act({ customer, name })
    setEnrolment(answer?.targetOfferEnrolment.enrolment ?? undefined)
  }
  if (enrolment) return <EnrolmentDialog enrolment={enrolment} name={name} runtime={target.runtime} close={close} />
  return (
    <Dialog
      open
      onClose={close}
      title={`Enrol ${name} again`}
      description="This makes a new one-time token. A token that was given out before is void. The agent that uses the new one takes the place of the present agent."
    >
      <DialogFooter
        close={close}
        error={error}
        line={commandLine('distr', 'target', 'enrol', name, '--customer', customer)}
        act={offer}
        isOff={isBusy}
      >
        Make a token
      </DialogFooter>
    </Dialog>
  )
}

export function RetireDialog({ target, close }: Props) {
  const { act, isBusy, error } = useAction(RETIRE)
  const [reason, setReason] = useState('')
  const [customer, name] = [target.customer.name, target.name]
  const retire = async (event: FormEvent) => {
    event.preventDefault()
    const answer = await act({ customer, name, reason })
    if (!answer) return
    toast(answer.targetRetire.changed ? `${name} is retired` : `${name} was retired already`)
    close()
  }
  const running = target.deployments.length
  return (
    <Dialog
      open
      onClose={close}
      title={`Retire ${name}`}
      description={`This is for ever. The agent is locked out, and ${running === 0 ? 'nothing is deployed there' : `the ${running} deployed there run on without it`}.`}
    >
      <form className="form" onSubmit={event => void retire(event)}>
        <TextArea
          label="Reason"
          hint="Members of the customer and auditors read it."
          required
          maxLength={500}
          rows={2}
          value={reason}
          onChange={event => setReason(event.target.value)}
        />
        <DialogFooter
          close={close}
          error={error}
          line={commandLine('distr', 'target', 'retire', name, '--customer', customer, '--reason', reason || '…')}
          kind="danger"
          isOff={isBusy}
        >
          Retire for ever
        </DialogFooter>
      </form>
    </Dialog>
  )
}
