// One-time codes for people: to become a member, and to get in again. A code is shown once, and is kept nowhere.
import { type FormEvent, useState } from 'react'
import { graphql } from '../../gql'
import type { CodeFragment, Role } from '../../gql/graphql'
import { Button } from '../../ui/button'
import { Dialog, DialogFooter } from '../../ui/dialog'
import { Field } from '../../ui/field'
import { Secret } from '../../ui/secret'
import { commandLine } from '../../ui/shell-words'
import { Time } from '../../ui/time'
import { useAction } from '../../ui/use-action'
import { useWhoIsThere } from '../session/viewer'
import { RoleChoice } from './choice'
import { calledOf, knownBy, type Member, roleArgument } from './queries'

export const CODE = graphql(`
  fragment Code on CodePayload { code expiresAt }
`)

const INVITE = graphql(`
  mutation MemberInvite($email: String!, $role: Role!, $customer: Name) {
    memberInvite(email: $email, role: $role, customer: $customer) { ...Code }
  }
`)

const AGAIN = graphql(`
  mutation MemberInviteAgain($id: ID!) {
    memberInviteAgain(id: $id) { ...Code }
  }
`)

const RESET = graphql(`
  mutation MemberResetPassword($id: ID!) {
    memberResetPassword(id: $id) { ...Code }
  }
`)

export function InviteDialog({ close, done }: { close: () => void; done: () => void }) {
  const { viewer } = useWhoIsThere()
  const { act, isBusy, error } = useAction(INVITE)
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>(viewer.customer ? 'CUSTOMER_VIEWER' : 'SUPPORT')
  const [customer, setCustomer] = useState<string>()
  const [code, setCode] = useState<CodeFragment>()
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const answer = await act({ email, role, customer: customer ?? null })
    if (!answer) return
    done()
    setCode(answer.memberInvite)
  }
  if (code) return <CodeDialog code={code} of={email} close={close} />
  return (
    <Dialog
      open
      onClose={close}
      title="Invite a person"
      description="The person gets a one-time code from you, chooses a password with it, and is a member from then on."
    >
      <form className="form" onSubmit={event => void submit(event)}>
        <Field
          label="E-mail"
          type="email"
          value={email}
          onChange={event => setEmail(event.target.value)}
          required
          autoComplete="off"
        />
        <RoleChoice role={role} put={setRole} customer={customer} putCustomer={setCustomer} />
        <DialogFooter
          close={close}
          error={error}
          line={commandLine(
            'distr',
            'member',
            'invite',
            email || 'ann@acme.example',
            '--role',
            roleArgument(role),
            customer !== undefined && '--customer',
            customer,
          )}
          isOff={isBusy}
        >
          {isBusy ? 'Inviting…' : 'Invite'}
        </DialogFooter>
      </form>
    </Dialog>
  )
}

type Props = { member: Member; close: () => void; done: () => void }

export function InviteAgainDialog({ member, close, done }: Props) {
  const { act, isBusy, error } = useAction(AGAIN)
  const [code, setCode] = useState<CodeFragment>()
  const of = calledOf(member)
  const renew = async () => {
    const answer = await act({ id: member.id })
    if (!answer) return
    done()
    setCode(answer.memberInviteAgain)
  }
  if (code) return <CodeDialog code={code} of={of} close={close} />
  return (
    <Dialog
      open
      onClose={close}
      title={`A new code for ${of}`}
      description="The code that was given out before is void from then on."
    >
      <DialogFooter
        close={close}
        error={error}
        line={commandLine('distr', 'member', 'invite-again', knownBy(member))}
        act={renew}
        isOff={isBusy}
      >
        Make a code
      </DialogFooter>
    </Dialog>
  )
}

export function ResetDialog({ member, close, done }: Props) {
  const { act, isBusy, error } = useAction(RESET)
  const [code, setCode] = useState<CodeFragment>()
  const of = calledOf(member)
  const reset = async () => {
    const answer = await act({ id: member.id })
    if (!answer) return
    done()
    setCode(answer.memberResetPassword)
  }
  if (code) return <CodeDialog code={code} of={of} close={close} />
  return (
    <Dialog
      open
      onClose={close}
      title={`Reset the password of ${of}`}
      description="The password is void at once, and all sessions end. Tokens stay. You get a one-time code to hand on."
    >
      <DialogFooter
        close={close}
        error={error}
        line={commandLine('distr', 'member', 'reset-password', knownBy(member))}
        kind="danger"
        act={reset}
        isOff={isBusy}
      >
        Void the password
      </DialogFooter>
    </Dialog>
  )
}

function CodeDialog({ code, of, close }: { code: CodeFragment; of: string; close: () => void }) {
  const { hub } = useWhoIsThere()
  return (
    <Dialog
      open
      onClose={close}
      title={`Hand this to ${of}`}
      wide
      description={
        <>
          Whoever has the code gets in with it, once; it is void <Time at={code.expiresAt} />. It is not shown again.
        </>
      }
    >
      <Secret text={`${hub.publicUrl}/join#${code.code}`} what="the link" />
      <Secret text={code.code} what="the code" />
      <div className="dialog-actions">
        <Button kind="primary" onClick={close}>
          Done
        </Button>
      </div>
    </Dialog>
  )
}
