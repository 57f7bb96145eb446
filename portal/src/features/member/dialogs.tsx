// What is done about a member: each in a dialog of its own.
import { InviteAgainDialog, InviteDialog, ResetDialog } from './invite'
import type { Member } from './queries'
import { RemoveDialog, RoleDialog } from './remove'
import { RobotDialog } from './robot'

export type Wish = { kind: 'invite' | 'robot' } | { kind: 'role' | 'again' | 'reset' | 'remove'; member: Member }

type Props = { wish: Wish; close: () => void; done: () => void }

export function MemberDialogs({ wish, close, done }: Props) {
  if (wish.kind === 'invite') return <InviteDialog close={close} done={done} />
  if (wish.kind === 'robot') return <RobotDialog close={close} done={done} />
  if (!('member' in wish)) return null
  const of = { member: wish.member, close, done }
  if (wish.kind === 'role') return <RoleDialog {...of} />
  if (wish.kind === 'again') return <InviteAgainDialog {...of} />
  if (wish.kind === 'reset') return <ResetDialog {...of} />
  return <RemoveDialog {...of} />
}
