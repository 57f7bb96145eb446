// Who may come in, as what, and when each was here last.
import { Bot, Plus, UserRound } from 'lucide-react'
import { useState } from 'react'
import { useLive } from '../../live/use-live'
import { Allowed, Button } from '../../ui/button'
import { SameInCli } from '../../ui/copy'
import { Page, Panel } from '../../ui/page'
import { Empty, EmptyFiltered, Failed, Loading, NoPermission, Unknown } from '../../ui/page-states'
import { State } from '../../ui/state'
import { type Column, Table } from '../../ui/table'
import { Time } from '../../ui/time'
import { roleWord, useMay, useWhoIsThere } from '../session/viewer'
import { MemberDialogs, type Wish } from './dialogs'
import { RoleMatrix } from './matrix'
import { calledOf, MEMBERS, type Member } from './queries'

const PAGE = 100

export function MembersPage() {
  const mayRead = useMay('READ_MEMBERS')
  return mayRead ? (
    <Members />
  ) : (
    <Page title="Members">
      <NoPermission />
    </Page>
  )
}

function Members() {
  const [pages, setPages] = useState<(string | null)[]>([null])
  const after = pages.at(-1) ?? null
  const { data, error, isLoading, again } = useLive(MEMBERS, { first: PAGE, after })
  const [wish, setWish] = useState<Wish>()
  const [text, setText] = useState('')
  const mayManage = useMay('MANAGE_MEMBERS')
  const members = data?.members
  const shown = members?.nodes.filter(member => fits(member, text.trim().toLowerCase())) ?? []
  const actions = (
    <Allowed may={mayManage} needs="the right to manage members">
      <Button onClick={() => setWish({ kind: 'robot' })}>Add a robot…</Button>
      <Button kind="primary" onClick={() => setWish({ kind: 'invite' })}>
        <Plus size={15} aria-hidden="true" /> Invite…
      </Button>
    </Allowed>
  )
  return (
    <Page
      title="Members"
      aside={members ? <span className="total">{countWords(members, pages.length)}</span> : null}
      actions={actions}
    >
      {error && !members ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the members" /> : null}
      {members ? (
        <>
          <div className="filters">
            <input
              type="search"
              className="input search"
              placeholder="Name, address or customer"
              aria-label="Search this page by name, address or customer"
              aria-keyshortcuts="/"
              value={text}
              onChange={event => setText(event.target.value)}
            />
          </div>
          {members.nodes.length === 0 ? (
            <Empty title="No members" line="distr member list">
              A member is a person or a robot with a role.
            </Empty>
          ) : shown.length > 0 ? (
            <MemberTable members={shown} mayManage={mayManage} wish={setWish} />
          ) : (
            <EmptyFiltered what="members" clear={() => setText('')} />
          )}
          <div className="pager">
            {pages.length > 1 ? (
              <Button kind="quiet" onClick={() => setPages(pages.slice(0, -1))}>
                Page before
              </Button>
            ) : null}
            {members.pageInfo.hasNextPage ? (
              <Button kind="quiet" onClick={() => setPages([...pages, members.pageInfo.endCursor ?? null])}>
                Next page
              </Button>
            ) : null}
          </div>
          <Panel title="What each role may do">
            <RoleMatrix />
          </Panel>
          <SameInCli line="distr member list" />
        </>
      ) : null}
      {wish ? <MemberDialogs wish={wish} close={() => setWish(undefined)} done={again} /> : null}
    </Page>
  )
}

function countWords({ nodes, pageInfo }: { nodes: unknown[]; pageInfo: { hasNextPage: boolean } }, page: number) {
  return page > 1 || pageInfo.hasNextPage
    ? `page ${page}, ${nodes.length.toLocaleString()}`
    : nodes.length.toLocaleString()
}

function fits(member: Member, text: string): boolean {
  const words = [member.name, member.email, member.customer?.name, member.customer?.displayName]
  return text === '' || words.some(word => word?.toLowerCase().includes(text))
}

/** The newest use of a session or a token; nothing, if there was none that is still remembered. */
function lastUse({ sessions, tokens }: Member): string | undefined {
  const uses = [...(sessions ?? []), ...tokens].map(({ lastUsedAt }) => lastUsedAt).filter(at => typeof at === 'string')
  return uses.sort().at(-1)
}

function SignInState({ member }: { member: Member }) {
  if (member.signIn === 'PASSWORD') return <State shape="ok" word="password" />
  if (member.signIn === 'NEVER') return <State shape="none" word="tokens alone" />
  const until = member.codeExpiresAt ? <Time at={member.codeExpiresAt} /> : null
  return <State shape="stale" word={member.signIn === 'INVITED' ? 'invited' : 'resetting'} since={until} />
}

function MemberTable({
  members,
  mayManage,
  wish,
}: {
  members: Member[]
  mayManage: boolean
  wish: (wish: Wish) => void
}) {
  const { viewer } = useWhoIsThere()
  const columns: Column<Member>[] = [
    {
      name: 'Member',
      isText: true,
      cell: member => (
        <span className="with-icon">
          {member.kind === 'ROBOT' ? <Bot size={15} aria-label="robot" /> : <UserRound size={15} aria-hidden="true" />}
          <span className="name">{calledOf(member)}</span>
          {member.id === viewer.memberId ? <span className="tag">you</span> : null}
        </span>
      ),
    },
    { name: 'E-mail', isText: true, isBlank: ({ email }) => !email, cell: ({ email }) => email ?? '' },
    { name: 'Role', cell: ({ role }) => roleWord(role) },
    ...(viewer.customer ? [] : [customerColumn]),
    { name: 'Signs in', cell: member => <SignInState member={member} /> },
    {
      name: 'Last use',
      width: 'time',
      cell: member => {
        const at = lastUse(member)
        return at ? <Time at={at} /> : <Unknown why="no use is known" />
      },
    },
    {
      name: 'Actions',
      isBlank: () => !mayManage,
      cell: member =>
        mayManage ? <RowActions member={member} isOwn={member.id === viewer.memberId} wish={wish} /> : null,
    },
  ]
  return <Table label="Members" columns={columns} rows={members} keyOf={({ id }) => id} />
}

const customerColumn: Column<Member> = {
  name: 'Customer',
  isText: true,
  isBlank: ({ customer }) => !customer,
  cell: ({ customer }) => customer?.displayName ?? <span className="muted">of the vendor</span>,
}

function RowActions({ member, isOwn, wish }: { member: Member; isOwn: boolean; wish: (wish: Wish) => void }) {
  const unseen = <span className="unseen"> of {calledOf(member)}</span>
  return (
    <span className="row-actions">
      <Button kind="quiet" onClick={() => wish({ kind: 'role', member })}>
        Role…{unseen}
      </Button>
      {member.signIn === 'INVITED' ? (
        <Button kind="quiet" onClick={() => wish({ kind: 'again', member })}>
          New code…{unseen}
        </Button>
      ) : null}
      {member.kind === 'PERSON' && member.signIn !== 'INVITED' && !isOwn ? (
        <Button kind="quiet" onClick={() => wish({ kind: 'reset', member })}>
          Reset…{unseen}
        </Button>
      ) : null}
      {isOwn ? null : (
        <Button kind="quiet" onClick={() => wish({ kind: 'remove', member })}>
          Remove…{unseen}
        </Button>
      )}
    </span>
  )
}
