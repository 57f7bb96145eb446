// Tokens for programs: one's own, and those of the robots that one manages.
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useLive } from '../../live/use-live'
import { Button } from '../../ui/button'
import { SameInCli } from '../../ui/copy'
import { Page, Panel } from '../../ui/page'
import { Empty, Failed, Loading, Unknown } from '../../ui/page-states'
import { State } from '../../ui/state'
import { type Column, Table } from '../../ui/table'
import { Time } from '../../ui/time'
import { roleWord, useMay } from '../session/viewer'
import { IssueDialog, type Owner } from './issue'
import { isOver, OWN_TOKENS, ROBOTS, type Token } from './queries'
import { RevokeDialog } from './revoke'

export function TokensPage() {
  const mayManage = useMay('MANAGE_MEMBERS')
  const mayRead = useMay('READ_MEMBERS')
  const own = useLive(OWN_TOKENS, {})
  const robots = useLive(ROBOTS, {}, !mayRead)
  const [issuing, setIssuing] = useState<Owner | 'own'>()
  const [revoking, setRevoking] = useState<Token>()
  const again = () => {
    own.again()
    if (mayRead) robots.again()
  }
  const tokens = own.data?.viewer.tokens
  const machines = robots.data?.members.nodes.filter(member => member.kind === 'ROBOT') ?? []
  const actions = (
    <Button kind="primary" onClick={() => setIssuing('own')}>
      <Plus size={15} aria-hidden="true" /> Issue a token…
    </Button>
  )
  return (
    <Page title="Tokens" actions={actions}>
      {own.error && !own.data ? <Failed error={own.error} again={own.again} /> : null}
      {own.isLoading ? <Loading what="your tokens" rows={3} /> : null}
      {tokens ? (
        <Panel title="Your own">
          {tokens.length === 0 ? (
            <Empty title="No tokens yet" line="distr token create laptop --scope pull">
              A token lets a program in, such as Docker or a pipeline. It can never do more than you.
            </Empty>
          ) : (
            <TokenTable label="Your own tokens" tokens={tokens} revoke={setRevoking} />
          )}
        </Panel>
      ) : null}
      {robots.error && !robots.data ? <Failed error={robots.error} again={robots.again} /> : null}
      {robots.isLoading && mayRead ? <Loading what="the robots" rows={3} /> : null}
      {machines.map(({ id, name, role, customer, tokens }) => (
        <Panel
          key={id}
          title={name ?? id}
          aside={
            <span className="panel-aside">
              <span className="muted">
                robot · {roleWord(role)}
                {customer ? ` of ${customer.displayName}` : ''}
              </span>
              {mayManage ? (
                <Button onClick={() => setIssuing({ id, name: name ?? id })}>
                  Issue…<span className="unseen"> for {name ?? id}</span>
                </Button>
              ) : null}
            </span>
          }
        >
          {tokens.length === 0 ? (
            <p className="muted">No token yet.</p>
          ) : (
            <TokenTable
              label={`Tokens of ${name ?? id}`}
              tokens={tokens}
              revoke={mayManage ? setRevoking : undefined}
            />
          )}
        </Panel>
      ))}
      {robots.data?.members.pageInfo.hasNextPage ? (
        <p className="muted">Robots among the first 200 members; there are more members.</p>
      ) : null}
      {tokens ? <SameInCli line="distr token list" /> : null}
      {issuing ? (
        <IssueDialog owner={issuing === 'own' ? undefined : issuing} close={() => setIssuing(undefined)} done={again} />
      ) : null}
      {revoking ? <RevokeDialog token={revoking} close={() => setRevoking(undefined)} done={again} /> : null}
    </Page>
  )
}

function Standing({ token }: { token: Token }) {
  if (token.revokedAt) return <State shape="failed" word="revoked" since={<Time at={token.revokedAt} />} />
  if (isOver(token))
    return <State shape="offline" word="ended" since={token.endsAt ? <Time at={token.endsAt} /> : null} />
  return <State shape="ok" word="good" since={token.endsAt ? <Time at={token.endsAt} /> : 'without end'} />
}

function TokenTable({
  label,
  tokens,
  revoke,
}: {
  label: string
  tokens: Token[]
  revoke: ((token: Token) => void) | undefined
}) {
  const newestFirst = [...tokens].sort((one, other) => Number(isOver(one)) - Number(isOver(other)))
  const columns: Column<Token>[] = [
    { name: 'Token', isText: true, cell: ({ label }) => <span className="name">{label}</span> },
    { name: 'Standing', cell: token => <Standing token={token} /> },
    {
      name: 'Opens',
      cell: ({ scopes, repositories }) => (
        <span className="tags">
          {scopes.map(scope => (
            <span key={scope} className="tag">
              {scope.toLowerCase()}
            </span>
          ))}
          {repositories.length > 0 ? <code>{repositories.join(', ')}</code> : null}
        </span>
      ),
    },
    {
      name: 'Last use',
      width: 'time',
      cell: ({ lastUsedAt, lastUsedFrom }) =>
        lastUsedAt ? (
          <span title={lastUsedFrom ? `from ${lastUsedFrom}` : undefined}>
            <Time at={lastUsedAt} />
          </span>
        ) : (
          <Unknown why="not used yet" />
        ),
    },
    { name: 'Issued', width: 'time', cell: ({ createdAt }) => <Time at={createdAt} /> },
    {
      name: 'Actions',
      isBlank: token => !revoke || isOver(token),
      cell: token =>
        revoke && !isOver(token) ? (
          <span className="row-actions">
            <Button kind="quiet" onClick={() => revoke(token)}>
              Revoke…<span className="unseen"> {token.label}</span>
            </Button>
          </span>
        ) : null,
    },
  ]
  return <Table label={label} columns={columns} rows={newestFirst} keyOf={({ id }) => id} />
}
