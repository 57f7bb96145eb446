// Seeing the portal as a customer does.
import { type FormEvent, useState } from 'react'
import { Button } from '../../ui/button'
import { Dialog, ReasonField, RefusalNote, reasonOf } from '../../ui/dialog'
import { useAction } from '../../ui/use-action'
import { turnTo, VIEW_AS } from '../session/view-as'
import { useWhoIsThere } from '../session/viewer'

type Props = { customer: { name: string; displayName: string }; close: () => void }

export function ViewAsDialog({ customer, close }: Props) {
  const { viewer } = useWhoIsThere()
  const { act, isBusy, error } = useAction(VIEW_AS)
  const [why, setWhy] = useState('')
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const answer = await act({ customer: customer.name, reason: reasonOf(why).reason })
    if (answer) turnTo(`/p/${viewer.organization.name}`)
  }
  return (
    <Dialog
      open
      onClose={close}
      title={`View as ${customer.displayName}`}
      description="For 30 minutes this browser shows you what the customer's viewers see, and nothing can be changed. The activity says that you looked."
    >
      <form className="form" onSubmit={event => void submit(event)}>
        <ReasonField reason={why} put={setWhy} />
        <RefusalNote error={error} />
        <div className="dialog-actions">
          <Button onClick={close}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={isBusy}>
            View
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
