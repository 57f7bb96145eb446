// Registering a target, and the one command that brings its agent to life.
import { type FormEvent, useState } from 'react'
import { graphql } from '../../gql'
import type { EnrolmentFragment, Runtime } from '../../gql/graphql'
import { Button } from '../../ui/button'
import { CommandLine } from '../../ui/copy'
import { Dialog, DialogFooter } from '../../ui/dialog'
import { Choice, Field } from '../../ui/field'
import { commandLine } from '../../ui/shell-words'
import { Time } from '../../ui/time'
import { useAction } from '../../ui/use-action'
import { CustomerChoice } from '../customer/choice'
import { useWhoIsThere } from '../session/viewer'

export const ENROLMENT = graphql(`
  fragment Enrolment on Enrolment { command expiresAt }
`)

const REGISTER = graphql(`
  mutation TargetRegister($customer: Name, $name: Name!, $runtime: Runtime!, $namespaces: [Name!]!) {
    targetRegister(customer: $customer, name: $name, runtime: $runtime, namespaces: $namespaces) {
      changed target { ...TargetRow } enrolment { ...Enrolment }
    }
  }
`)

/** Of the customer, or of the caller's own. */
export function useRegistration(customer: string | null) {
  const { act, isBusy, error } = useAction(REGISTER)
  const [place, put] = useState<Place>({ name: '', runtime: 'DOCKER', namespaces: '' })
  const register = async () => {
    const { name, runtime } = place
    return (await act({ customer, name, runtime, namespaces: namespacesOf(place) }))?.targetRegister
  }
  return { place, put, register, isBusy, error }
}

/** What is registered, as it is typed. */
export type Place = { name: string; runtime: Runtime; namespaces: string }

function namespacesOf({ runtime, namespaces }: Place) {
  return runtime === 'KUBERNETES' ? namespaces.split(/[\s,]+/).filter(name => name !== '') : []
}

export function registerLine(place: Place, customer: string) {
  const ofCluster = namespacesOf(place).flatMap(name => ['--namespace', name])
  const runtime = place.runtime === 'KUBERNETES' ? ['--runtime', 'kubernetes', ...ofCluster] : []
  return commandLine('distr', 'target', 'create', place.name || 'factory', '--customer', customer, ...runtime)
}

export function PlaceFields({ place, put }: { place: Place; put: (place: Place) => void }) {
  return (
    <>
      <Field
        label="Name"
        value={place.name}
        onChange={event => put({ ...place, name: event.target.value })}
        required
        autoCapitalize="none"
        spellCheck={false}
        placeholder="factory"
        hint="Small letters, digits and hyphens; it never changes."
      />
      <Choice
        label="Runs on"
        value={place.runtime}
        onChange={event => put({ ...place, runtime: event.target.value as Runtime })}
      >
        <option value="DOCKER">a Docker host</option>
        <option value="KUBERNETES">a Kubernetes cluster</option>
      </Choice>
      {place.runtime === 'KUBERNETES' ? (
        <Field
          label="Namespaces"
          value={place.namespaces}
          onChange={event => put({ ...place, namespaces: event.target.value })}
          required
          autoCapitalize="none"
          spellCheck={false}
          placeholder="shop"
          hint="Those in which releases may be installed, with a space between; the first one is used where nobody names one."
        />
      ) : null}
    </>
  )
}

type Props = { close: () => void; done: () => void; customer?: string | undefined }

export function RegisterDialog({ close, done, customer }: Props) {
  const { viewer } = useWhoIsThere()
  const [of, setOf] = useState(customer ?? viewer.customer?.name ?? '')
  const { place, put, register, isBusy, error } = useRegistration(of || null)
  const [enrolment, setEnrolment] = useState<EnrolmentFragment>()
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const registered = await register()
    if (!registered) return
    done()
    setEnrolment(registered.enrolment ?? undefined)
  }
  if (enrolment)
    return <EnrolmentDialog enrolment={enrolment} name={place.name} runtime={place.runtime} close={close} />
  return (
    <Dialog
      open
      onClose={close}
      title="Register a target"
      description="A target is one machine or cluster of a customer. It gets a command that installs the agent."
    >
      <form className="form" onSubmit={event => void submit(event)}>
        {viewer.customer ? null : <CustomerChoice value={of} choose={setOf} />}
        <PlaceFields place={place} put={put} />
        <DialogFooter close={close} error={error} line={registerLine(place, of || 'globex')} isOff={isBusy}>
          {isBusy ? 'Registering…' : 'Register'}
        </DialogFooter>
      </form>
    </Dialog>
  )
}

export function whereToRun(runtime: Runtime) {
  return runtime === 'KUBERNETES'
    ? 'Paste this once into a shell whose kubectl may make namespaces and Roles in the cluster.'
    : 'Run this once in a shell of the machine.'
}

/** The command holds a secret: it is hidden until it is asked for, and is kept nowhere. */
export function EnrolmentDialog({
  enrolment,
  name,
  runtime,
  close,
}: {
  enrolment: EnrolmentFragment
  name: string
  runtime: Runtime
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
          {whereToRun(runtime)} It holds a one-time token that is void <Time at={enrolment.expiresAt} />, and is not
          shown again.
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
