// A robot: a member that has tokens, and cannot sign in.
import { type FormEvent, useState } from 'react'
import { graphql } from '../../gql'
import type { Role } from '../../gql/graphql'
import { Dialog, DialogFooter } from '../../ui/dialog'
import { Field } from '../../ui/field'
import { commandLine } from '../../ui/shell-words'
import { toast } from '../../ui/toast'
import { useAction } from '../../ui/use-action'
import { useWhoIsThere } from '../session/viewer'
import { RoleChoice } from './choice'
import { roleArgument } from './queries'

const ADD = graphql(`
  mutation RobotAdd($name: String!, $role: Role!, $customer: Name) {
    robotAdd(name: $name, role: $role, customer: $customer) { changed member { ...MemberRow } }
  }
`)

export function RobotDialog({ close, done }: { close: () => void; done: () => void }) {
  const { viewer } = useWhoIsThere()
  const { act, isBusy, error } = useAction(ADD)
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role>(viewer.customer ? 'CUSTOMER_ADMIN' : 'PUBLISHER')
  const [customer, setCustomer] = useState<string>()
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const answer = await act({ name, role, customer: customer ?? null })
    if (!answer) return
    toast(`${name} is added; issue a token for it`)
    done()
    close()
  }
  return (
    <Dialog
      open
      onClose={close}
      title="Add a robot"
      description="A robot is a program that works for you, such as a pipeline. It has tokens alone."
    >
      <form className="form" onSubmit={event => void submit(event)}>
        <Field
          label="Name"
          value={name}
          onChange={event => setName(event.target.value)}
          required
          maxLength={200}
          placeholder="ci"
          autoComplete="off"
        />
        <RoleChoice role={role} put={setRole} customer={customer} putCustomer={setCustomer} />
        <DialogFooter
          close={close}
          error={error}
          line={commandLine(
            'distr',
            'member',
            'robot',
            name || 'ci',
            '--role',
            roleArgument(role),
            customer !== undefined && '--customer',
            customer,
          )}
          isOff={isBusy}
        >
          Add
        </DialogFooter>
      </form>
    </Dialog>
  )
}
