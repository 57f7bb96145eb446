// Registering a target, and the one command that brings its agent to life.
import { type FormEvent, useState } from 'react'
import { graphql } from '../../gql'
import type { EnrolmentFragment } from '../../gql/graphql'
import { Button } from '../../ui/button'
import { CommandLine } from '../../ui/copy'
import { Dialog, DialogFooter } from '../../ui/dialog'
import { Field } from '../../ui/field'
import { commandLine } from '../../ui/shell-words'
import { Time } from '../../ui/time'
import { useAction } from '../../ui/use-action'
import { CustomerChoice } from '../customer/choice'
import { useWhoIsThere } from '../session/viewer'

export const ENROLMENT = graphql(`
  fragment Enrolment on Enrolment { command expiresAt }
`)

const REGISTER = graphql(`
  mutation TargetRegister($customer: Name, $name: Name!) {
    targetRegister(customer: $customer, name: $name) { changed target { ...TargetRow } enrolment { ...Enrolment } }
  }
`)

/** Of the customer, or of the caller's own. */
export function useRegistration(customer: string | null) {
  const { act, isBusy, error } = useAction(REGISTER)
  const [name, setName] = useState('')
  const register = async () => (await act({ customer, name }))?.targetRegister
  return { name, setName, register, isBusy, error }
}

export const registerLine = (name: string, customer: string) =>
  commandLine('distr', 'target', 'create', name || 'factory', '--customer', customer)

export function TargetName({ name, put }: { name: string; put: (name: string) => void }) {
  return (
    <Field
      label="Name"
      value={name}
      onChange={event => put(event.target.value)}
      required
      autoCapitalize="none"
      spellCheck={false}
      placeholder="factory"
      hint="Small letters, digits and hyphens; it never changes."
    />
  )
}

type Props = { close: () => void; done: () => void; customer?: string | undefined }

export function RegisterDialog({ close, done, customer }: Props) {
  const { viewer } = useWhoIsThere()
  const [of, setOf] = useState(customer ?? viewer.customer?.name ?? '')
  const { name, setName, register, isBusy, error } = useRegistration(of || null)
  const [enrolment, setEnrolment] = useState<EnrolmentFragment>()
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const registered = await register()
    if (!registered) return
    done()
    setEnrolment(registered.enrolment ?? undefined)
  }
  if (enrolment) return <EnrolmentDialog enrolment={enrolment} name={name} close={close} />
  return (
    <Dialog
      open
      onClose={close}
      title="Register a target"
      description="A target is one machine of a customer. It gets a command that installs the agent."
    >
      <form className="form" onSubmit={event => void submit(event)}>
        {viewer.customer ? null : <CustomerChoice value={of} choose={setOf} />}
        <TargetName name={name} put={setName} />
        <DialogFooter close={close} error={error} line={registerLine(name, of || 'globex')} isOff={isBusy}>
          {isBusy ? 'Registering…' : 'Register'}
        </DialogFooter>
      </form>
    </Dialog>
  )
}

/** The command holds a secret: it is hidden until it is asked for, and is kept nowhere. */
export function EnrolmentDialog({
  enrolment,
  name,
  close,
}: {
  enrolment: EnrolmentFragment
  name: string
  close: () => void
}) {
  const [isShown, setShown] = useState(false)
  return (
    <Dialog
      open
      onClose={close}
      title={`Install the agent on ${name}`}
      wide
      description={
        <>
          Run this once in a shell of the machine. It holds a one-time token that is void{' '}
          <Time at={enrolment.expiresAt} />, and is not shown again.
        </>
      }
    >
      {isShown ? (
        <CommandLine line={enrolment.command} label="the install command" />
      ) : (
        <pre className="masked">••••••••••••••••••••••••</pre>
      )}
      <div className="dialog-actions">
        <Button onClick={() => setShown(shown => !shown)}>{isShown ? 'Hide' : 'Show the command'}</Button>
        <Button kind="primary" onClick={close}>
          Done
        </Button>
      </div>
    </Dialog>
  )
}
