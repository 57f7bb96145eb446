// What the registry holds, repository by repository.
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { graphql } from '../../gql'
import type { RepositoriesQuery } from '../../gql/graphql'
import { useMoment } from '../../live/moment'
import { useLive } from '../../live/use-live'
import { useNowAndThen } from '../../live/use-now-and-then'
import { SameInCli } from '../../ui/copy'
import { Page } from '../../ui/page'
import { Empty, EmptyFiltered, Failed, Loading } from '../../ui/page-states'
import { type Column, Table } from '../../ui/table'
import { Time } from '../../ui/time'
import { useWhoIsThere } from '../session/viewer'
import { Usage } from './usage'

const REPOSITORIES = graphql(`
  query Repositories($first: Int!, $asOf: Moment) {
    repositories(first: $first, asOf: $asOf) {
      nodes { name manifests visibility lastPushedAt usage { bytes quota } }
      pageInfo { hasNextPage }
    }
  }
`)

/** Of now alone, and so a question of its own. */
const USAGE = graphql(`
  query OrganizationUsage {
    organization { id registryUsage { bytes quota } }
  }
`)

type Repository = RepositoriesQuery['repositories']['nodes'][number]

export function RepositoriesPage() {
  const { hub, viewer } = useWhoIsThere()
  const { organization = '' } = useParams({ strict: false })
  const { data, error, isLoading, again, quietly } = useLive(REPOSITORIES, { first: 500 })
  useNowAndThen(quietly)
  const [text, setText] = useState('')
  const rows = data?.repositories.nodes
  const shown = rows?.filter(({ name }) => name.includes(text.trim().toLowerCase())) ?? []
  const isPast = useMoment() !== undefined
  const holding = useLive(USAGE, {}, isPast)
  const usage = holding.data?.organization.registryUsage
  const columns: Column<Repository>[] = [
    {
      name: 'Repository',
      isText: true,
      cell: ({ name }) => (
        <Link className="name" to="/v/$organization/registry/$" params={{ organization, _splat: name }}>
          {name}
        </Link>
      ),
    },
    {
      name: 'Pulled by',
      cell: ({ visibility }) => (visibility === 'PUBLIC' ? 'everybody' : 'whom a license entitles'),
    },
    { name: 'Holds', cell: ({ name, usage }) => <Usage bytes={usage.bytes} quota={usage.quota} what={name} /> },
    { name: 'Manifests', isNumber: true, cell: ({ manifests }) => manifests.toLocaleString() },
    { name: 'Pushed', width: 'time', isNumber: true, cell: ({ lastPushedAt }) => <Time at={lastPushedAt} /> },
  ]
  return (
    <Page title="Registry" aside={rows ? <span className="total">{rows.length.toLocaleString()}</span> : null}>
      {error && !data ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the repositories" /> : null}
      {rows?.length === 0 ? (
        <Empty
          title="Nothing was pushed yet"
          line={`docker push ${hub.registryHost}/${viewer.organization.name}/hello:1.0.0`}
        >
          A repository holds the images of one name. The first push makes it; sign in with <code>docker login</code> and
          a token before.
        </Empty>
      ) : null}
      {rows && rows.length > 0 ? (
        <>
          <div className="filters">
            <input
              type="search"
              className="input search"
              placeholder="Repository"
              aria-label="Search by name"
              aria-keyshortcuts="/"
              value={text}
              onChange={event => setText(event.target.value)}
            />
            {usage ? <Usage bytes={usage.bytes} quota={usage.quota} what="the organization" /> : null}
          </div>
          {shown.length > 0 ? (
            <Table label="Repositories" columns={columns} rows={shown} keyOf={({ name }) => name} />
          ) : (
            <EmptyFiltered what="repositories" clear={() => setText('')} />
          )}
          {data?.repositories.pageInfo.hasNextPage ? (
            <p className="muted">The first 500 repositories; there are more.</p>
          ) : null}
          <SameInCli line="distr repository list" />
        </>
      ) : null}
    </Page>
  )
}
