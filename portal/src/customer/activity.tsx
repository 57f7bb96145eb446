// What happened by the licenses of this customer: grants, changes, uses and refusals, the newest first.
import { useState } from 'react'
import { Audit } from '../features/license/page'
import { graphql } from '../gql'
import { useLive } from '../live/use-live'
import { useNowAndThen } from '../live/use-now-and-then'
import { Button } from '../ui/button'
import { SameInCli } from '../ui/copy'
import { Page } from '../ui/page'
import { Empty, Failed, Loading } from '../ui/page-states'

const AUDIT = graphql(`
  query CustomerActivity($after: String, $asOf: Moment) {
    licenseAudit(newestFirst: true, first: 100, after: $after, asOf: $asOf) {
      nodes { position at kind actor subject reason }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

export function ActivityPage() {
  const [pages, setPages] = useState<(string | null)[]>([null])
  const { data, error, isLoading, again, quietly } = useLive(AUDIT, { after: pages.at(-1) ?? null })
  useNowAndThen(quietly)
  const page = data?.licenseAudit
  return (
    <Page title="Activity">
      {error && !page ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the activity" rows={10} /> : null}
      {page?.nodes.length === 0 ? (
        <Empty title="Nothing has happened yet">Here stands what your licenses granted and refused, and to whom.</Empty>
      ) : null}
      {page && page.nodes.length > 0 ? (
        <>
          <Audit entries={page.nodes} />
          <div className="pager">
            {pages.length > 1 ? (
              <Button kind="quiet" onClick={() => setPages(pages.slice(0, -1))}>
                Newer
              </Button>
            ) : null}
            {page.pageInfo.hasNextPage ? (
              <Button kind="quiet" onClick={() => setPages([...pages, page.pageInfo.endCursor ?? null])}>
                Older
              </Button>
            ) : null}
          </div>
          <SameInCli line="distr license audit" looksBack />
        </>
      ) : null}
    </Page>
  )
}
