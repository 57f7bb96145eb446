// Another role for a member, and its end. That the last owner stays is the hub's rule; its refusal stands in the dialog.
import { type FormEvent, useState } from 'react'
import { graphql } from '../../gql'
import type { Role } from '../../gql/graphql'
import { Change, Dialog, DialogFooter, TypedName } from '../../ui/dialog'
import { Choice } from '../../ui/field'
import { commandLine } from '../../ui/shell-words'
import { toast } from '../../ui/toast'
import { useAction } from '../../ui/use-action'
import { roleWord } from '../session/viewer'
import { calledOf, knownBy, type Member, roleArgument, rolesBeside } from './queries'

const CHANGE = graphql(`
  mutation MemberChangeRole($id: ID!, $role: Role!) {
    memberChangeRole(id: $id, role: $role) { changed member { id role } }
  }
`)

const REMOVE = graphql(`
  mutation MemberRemove($id: ID!) {
    memberRemove(id: $id) { changed }
  }
`)

type Props = { member: Member; close: () => void; done: () => void }

export function RoleDialog({ member, close, done }: Props) {
  const { act, isBusy, error } = useAction(CHANGE)
  const roles = rolesBeside(member.role)
  const [role, setRole] = useState<Role>(member.role)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const answer = await act({ id: member.id, role })
    if (!answer) return
    const { changed } = answer.memberChangeRole
    toast(changed ? `${calledOf(member)} is ${roleWord(role)} now` : 'It was so already')
    done()
    close()
  }
  return (
    <Dialog
      open
      onClose={close}
      title={`Role of ${calledOf(member)}`}
      description="It counts from the next request on, for tokens, too."
    >
      <form className="form" onSubmit={event => void submit(event)}>
        <Choice label="Role" value={role} onChange={event => setRole(event.target.value as Role)}>
          {roles.map(name => (
            <option key={name} value={name}>
              {roleWord(name)}
            </option>
          ))}
        </Choice>
        <Change what="The role" before={roleWord(member.role)} after={roleWord(role)} />
        <DialogFooter
          close={close}
          error={error}
          line={commandLine('distr', 'member', 'role', knownBy(member), '--role', roleArgument(role))}
          isOff={isBusy || role === member.role}
        >
          Change the role
        </DialogFooter>
      </form>
    </Dialog>
  )
}

export function RemoveDialog({ member, close, done }: Props) {
  const { act, isBusy, error } = useAction(REMOVE)
  const [typed, setTyped] = useState('')
  const name = knownBy(member)
  const isInvited = member.signIn === 'INVITED'
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const answer = await act({ id: member.id })
    if (!answer) return
    toast(`${calledOf(member)} is removed`)
    done()
    close()
  }
  return (
    <Dialog
      open
      onClose={close}
      title={isInvited ? `Take the invitation of ${name} back` : `Remove ${name}`}
      description={isInvited ? 'The code is void from then on.' : impact(member)}
    >
      <form className="form" onSubmit={event => void submit(event)}>
        <TypedName name={name} typed={typed} put={setTyped} />
        <DialogFooter
          close={close}
          error={error}
          line={commandLine('distr', 'member', 'remove', name)}
          kind="danger"
          isOff={isBusy || typed !== name}
        >
          {isInvited ? 'Take it back' : 'Remove for ever'}
        </DialogFooter>
      </form>
    </Dialog>
  )
}

function impact({ kind, sessions, tokens }: Member): string {
  const open = tokens.filter(({ endsAt }) => !endsAt || Date.parse(endsAt) > Date.now()).length
  const ended = [
    kind === 'PERSON' && sessions ? count(sessions.length, 'session') : undefined,
    count(open, 'token'),
  ].filter(words => words !== undefined)
  const erased = kind === 'PERSON' ? ' The name and the address are erased.' : ''
  return `This is for ever. ${ended.join(' and ')} end at once.${erased}`
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`
}
