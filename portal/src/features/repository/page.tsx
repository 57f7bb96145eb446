// One repository: its tags, what needs each, who pulled, and what it keeps.
import { Link, useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useMoment } from '../../live/moment'
import { useLive } from '../../live/use-live'
import { useNowAndThen } from '../../live/use-now-and-then'
import { Allowed, Button } from '../../ui/button'
import { SameInCli } from '../../ui/copy'
import { Fact, Facts, Page, Panel } from '../../ui/page'
import { Failed, Loading } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { Time } from '../../ui/time'
import { useMay } from '../session/viewer'
import { Accesses } from './accesses'
import { DeleteDialog, type Doomed } from './delete'
import { REPOSITORY, type Repository } from './queries'
import { Retention } from './retention'
import { TagTable } from './tags'
import { Usage } from './usage'

/** `of` narrows the accesses to a tag or a digest. */
export function readRepository(search: Record<string, unknown>): { of?: string } {
  return typeof search.of === 'string' || typeof search.of === 'number' ? { of: String(search.of) } : {}
}

export function RepositoryPage() {
  const { organization = '', _splat: name = '' } = useParams({ from: '/v/$organization/registry/$' })
  const { of } = useSearch({ from: '/v/$organization/registry/$' })
  const { data, error, isLoading, again, quietly } = useLive(REPOSITORY, { name })
  useNowAndThen(quietly)
  const [doomed, setDoomed] = useState<Doomed>()
  const mayDelete = useMay('DELETE_ARTIFACTS')
  const readsLog = useMay('READ_LOG')
  const repository = data?.repository
  const crumbs = (
    <Link to="/v/$organization/registry" params={{ organization }}>
      Registry
    </Link>
  )
  const actions = repository ? (
    <Allowed may={mayDelete} needs="the right to delete artifacts">
      <Button kind="quiet" onClick={() => setDoomed({ kind: 'repository' })}>
        Delete all…
      </Button>
    </Allowed>
  ) : null
  return (
    <Page title={name} section="Registry" crumbs={crumbs} actions={actions}>
      {error && !data ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the repository" /> : null}
      {data && !repository ? (
        <div className="page-state">
          <h2>There is nothing in {name}, or it is not yours to see</h2>
          <p>The first push makes a repository, and the last deletion ends it.</p>
        </div>
      ) : null}
      {repository ? <Detail repository={repository} mayDelete={mayDelete} doom={setDoomed} done={again} /> : null}
      {repository && readsLog ? <Accesses repository={name} of={of} /> : null}
      {repository && doomed ? (
        <DeleteDialog repository={repository} doomed={doomed} close={() => setDoomed(undefined)} done={again} />
      ) : null}
    </Page>
  )
}

type DetailProps = {
  repository: Repository
  mayDelete: boolean
  doom: (doomed: Doomed) => void
  done: () => void
}

function Detail({ repository, mayDelete, doom, done }: DetailProps) {
  const isPast = useMoment() !== undefined
  const { name, visibility, usage, manifests, immutableExcept, lastPushedAt } = repository
  return (
    <>
      <Facts>
        {isPast ? null : (
          <Fact name="Holds">
            <Usage bytes={usage.bytes} quota={usage.quota} what={name} />
          </Fact>
        )}
        <Fact name="Manifests">{manifests.toLocaleString()}</Fact>
        <Fact name="Pulled by">
          {visibility === 'PUBLIC' ? 'everybody' : 'the vendor, and whom a license entitles'}
        </Fact>
        <Fact name="Tags">{movable(immutableExcept)}</Fact>
        <Fact name="Pushed">
          <Time at={lastPushedAt} />
        </Fact>
      </Facts>
      <Panel title="Tags">
        <TagTable repository={repository} mayDelete={mayDelete} doom={doom} />
      </Panel>
      {isPast ? null : <Retention repository={repository} done={done} />}
      <SameInCli line={commandLine('distr', 'repository', 'tags', name)} />
    </>
  )
}

function movable(except: string[] | null | undefined): string {
  if (!except) return 'may move'
  return except.length === 0 ? 'never move' : `never move, but for ${except.join(', ')}`
}
