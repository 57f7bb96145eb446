// Taking an application off a target. Data goes only if that is asked for, and typed.
import { type FormEvent, useState } from 'react'
import { graphql } from '../../gql'
import { Change, Dialog, DialogFooter, ReasonField, reasonOf } from '../../ui/dialog'
import { Field } from '../../ui/field'
import { commandLine } from '../../ui/shell-words'
import { toast } from '../../ui/toast'
import { useAction } from '../../ui/use-action'
import type { TargetDetail } from '../target/detail'
import type { DeploymentDetail } from './card'

const REMOVE = graphql(`
  mutation RemoveDeployment(
    $customer: Name!, $target: Name!, $application: Name!, $data: DataRemoval!, $reason: String
  ) {
    deploymentRemove(
      customer: $customer, target: $target, application: $application, data: $data, reason: $reason
    ) {
      changed deployment { id phase removal step generation }
    }
  }
`)

export function RemoveDialog({
  target,
  deployment,
  close,
}: {
  target: TargetDetail
  deployment: DeploymentDetail
  close: () => void
}) {
  const { act, isBusy, error } = useAction(REMOVE)
  const [withData, setWithData] = useState(false)
  const [typed, setTyped] = useState('')
  const [why, setWhy] = useState('')
  const { reason, words } = reasonOf(why)
  const application = deployment.application.name
  const [customer, name] = [target.customer.name, target.name]
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const answer = await act({ customer, target: name, application, data: withData ? 'REMOVE' : 'KEEP', reason })
    if (!answer) return
    toast(answer.deploymentRemove.changed ? `The removal of ${application} is asked for` : 'It was asked for already')
    close()
  }
  return (
    <Dialog
      open
      onClose={close}
      title={`Remove ${application} from ${name}`}
      description="Its containers go, and its seat is free again."
    >
      <form className="form" onSubmit={event => void submit(event)}>
        <Change
          what="What runs"
          before={deployment.runningVersion ?? 'nothing known'}
          after={withData ? 'nothing, and no data' : 'nothing; its volumes stay'}
        />
        <label className="check">
          <input type="checkbox" checked={withData} onChange={event => setWithData(event.target.checked)} /> Remove its
          volumes too
        </label>
        {withData ? (
          <Field
            label={`Type ${name} to remove the data for ever`}
            value={typed}
            onChange={event => setTyped(event.target.value)}
            autoComplete="off"
          />
        ) : null}
        <ReasonField reason={why} put={setWhy} />
        <DialogFooter
          close={close}
          error={error}
          line={commandLine(
            'distr',
            'deploy',
            'remove',
            '--customer',
            customer,
            '--target',
            name,
            '--app',
            application,
            withData && '--remove-data',
            ...words,
          )}
          kind="danger"
          isOff={isBusy || (withData && typed !== name)}
        >
          Remove
        </DialogFooter>
      </form>
    </Dialog>
  )
}
