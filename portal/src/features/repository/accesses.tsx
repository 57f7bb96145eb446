// Who pulled, pushed or was refused, the newest first.
import { Link, useParams } from '@tanstack/react-router'
import { graphql } from '../../gql'
import type { AccessesQuery } from '../../gql/graphql'
import { useLive } from '../../live/use-live'
import { useNowAndThen } from '../../live/use-now-and-then'
import { SameInCli } from '../../ui/copy'
import { Panel } from '../../ui/page'
import { Failed, Loading } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { type Column, Table } from '../../ui/table'
import { Time } from '../../ui/time'
import { Actor, useMemberNames } from '../member/actor'

const ACCESSES = graphql(`
  query Accesses($repository: RepositoryName!, $tag: Tag, $digest: Digest) {
    repositoryAccesses(repository: $repository, tag: $tag, digest: $digest, first: 100) {
      nodes { position at action actor subject tag digest granted rule reason address customer { id displayName } }
      pageInfo { hasNextPage }
    }
  }
`)

type Access = AccessesQuery['repositoryAccesses']['nodes'][number]

export function Accesses({ repository, of }: { repository: string; of: string | undefined }) {
  const { organization = '' } = useParams({ strict: false })
  const isDigest = of?.startsWith('sha256:') ?? false
  const [tag, digest] = [isDigest ? null : (of ?? null), isDigest ? (of ?? null) : null]
  const { data, error, isLoading, again, quietly } = useLive(ACCESSES, { repository, tag, digest })
  useNowAndThen(quietly)
  const page = data?.repositoryAccesses
  return (
    <Panel
      title="Who pulled and pushed"
      aside={
        of ? (
          <Link to="/v/$organization/registry/$" params={{ organization, _splat: repository }} search={{}}>
            Of all tags, not {of} alone
          </Link>
        ) : null
      }
    >
      <div id="accesses">
        {error && !page ? <Failed error={error} again={again} /> : null}
        {isLoading ? <Loading what="the accesses" rows={4} /> : null}
        {page?.nodes.length === 0 ? <p className="muted">Nobody did yet.</p> : null}
        {page && page.nodes.length > 0 ? <AccessTable rows={page.nodes} /> : null}
        {page?.pageInfo.hasNextPage ? <p className="muted">The newest 100; the CLI shows more.</p> : null}
        <SameInCli
          line={commandLine(
            'distr',
            'repository',
            'accesses',
            repository,
            ...(tag ? ['--tag', tag] : []),
            ...(digest ? ['--digest', digest] : []),
          )}
        />
      </div>
    </Panel>
  )
}

function AccessTable({ rows }: { rows: Access[] }) {
  const names = useMemberNames()
  const columns: Column<Access>[] = [
    { name: 'When', width: 'time', cell: ({ at }) => <Time at={at} /> },
    {
      name: 'What',
      cell: ({ action, granted }) => (
        <span className={granted ? undefined : 'refused-word'}>
          {action.toLowerCase().replace('_', ' ')}
          {granted ? '' : ' refused'}
        </span>
      ),
    },
    { name: 'Of', isText: true, cell: ({ tag, digest, subject }) => tag ?? digest?.slice(0, 19) ?? subject },
    { name: 'By', isText: true, cell: ({ actor }) => <Actor actor={actor} names={names} /> },
    {
      name: 'Customer',
      isText: true,
      isBlank: ({ customer }) => !customer,
      cell: ({ customer }) => customer?.displayName ?? '',
    },
    { name: 'By which right', isText: true, cell: ({ rule, reason }) => rule ?? reason ?? '' },
    { name: 'From', isBlank: ({ address }) => !address, cell: ({ address }) => address ?? '' },
  ]
  return (
    <Table label="Accesses" columns={columns} rows={rows} keyOf={row => `${row.position} ${row.at} ${row.subject}`} />
  )
}
