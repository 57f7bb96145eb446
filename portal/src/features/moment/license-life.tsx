// The life of a license: what was agreed and changed, and who took a seat by it. What it granted and refused are uses of it, and many.
import { useEffect, useState } from 'react'
import { type CombinedError, type OperationResult, useClient } from 'urql'
import { graphql } from '../../gql'
import type { AuditKind, LicenseLifeQuery } from '../../gql/graphql'
import { useHubNow } from '../../live/clock'
import { Failed, Loading } from '../../ui/page-states'
import { Time } from '../../ui/time'
import { WORDS } from '../license/words'
import type { LifeProps } from './life'
import type { Mark } from './marks'
import { Slider } from './slider'

const LIFE = graphql(`
  query LicenseLife($customer: Name!, $name: Name!, $after: String) {
    license(customer: $customer, name: $name) {
      id createdAt
      audit(first: 500, newestFirst: true, after: $after) { nodes { position at kind } pageInfo { hasNextPage endCursor } }
    }
  }
`)

const USES: AuditKind[] = ['PULL_GRANTED', 'PULL_REFUSED', 'DEPLOY_GRANTED', 'DEPLOY_REFUSED']
const MOST_PAGES = 6

type Read = { createdAt: string; marks: Mark[]; unread: string | undefined }

export default function LicenseLife({ customer, name, moment, go }: LifeProps) {
  const now = useHubNow()
  const { read, error } = useAudit(customer, name)
  if (error) return <Failed error={error} />
  if (!read) return <Loading what="its life" rows={1} />
  return (
    <>
      <Slider
        label={`Moments of the license ${name}`}
        from={Date.parse(read.createdAt)}
        to={now}
        marks={read.marks}
        moment={moment}
        go={go}
      />
      {read.unread ? (
        <p className="hint">
          It is used so much that facts before <Time at={read.unread} /> have no tick.
        </p>
      ) : null}
    </>
  )
}

function useAudit(customer: string, name: string) {
  const client = useClient()
  const [read, setRead] = useState<Read>()
  const [error, setError] = useState<CombinedError>()
  useEffect(() => {
    let isHere = true
    const readAll = async () => {
      const marks: Mark[] = []
      let [after, oldest, createdAt]: [string | null, string | undefined, string] = [null, undefined, '']
      for (let page = 0; page < MOST_PAGES; page++) {
        const answer: OperationResult<LicenseLifeQuery> = await client
          .query(LIFE, { customer, name, after })
          .toPromise()
        if (!isHere) return
        if (!answer.data) return setError(answer.error)
        const { license } = answer.data
        createdAt = license.createdAt
        const facts = license.audit.nodes.filter(({ kind }) => !USES.includes(kind))
        marks.push(
          ...facts.map(({ position, at, kind }) => ({ at: Date.parse(at), moment: position, words: WORDS[kind] })),
        )
        oldest = license.audit.pageInfo.hasNextPage ? license.audit.nodes.at(-1)?.at : undefined
        after = license.audit.pageInfo.endCursor ?? null
        if (oldest === undefined) break
      }
      setRead({ createdAt, marks: marks.reverse(), unread: oldest })
    }
    void readAll()
    return () => {
      isHere = false
    }
  }, [client, customer, name])
  return { read, error }
}
