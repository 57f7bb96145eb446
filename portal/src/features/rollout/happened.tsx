// What happened in the rollout, the newest first: its facts in the log, read from its plan on, and on while it is open.
import { useEffect, useRef, useState } from 'react'
import { type CombinedError, useClient } from 'urql'
import { graphql } from '../../gql'
import type { RolloutFactsQuery } from '../../gql/graphql'
import { Button } from '../../ui/button'
import { Panel } from '../../ui/page'
import { Failed, Loading } from '../../ui/page-states'
import { Time } from '../../ui/time'
import { Actor, useMemberNames } from '../member/actor'
import { EventButtons } from '../proof/buttons'
import { factWords } from './fact-words'
import { isOpen, type Rollout } from './queries'

const FACTS = graphql(`
  query RolloutFacts($after: Position, $from: DateTime!) {
    events(after: $after, from: $from, first: 1000, telemetry: []) {
      events { id position type stream actor recordedAt data }
      scannedTo hasMore
    }
  }
`)

type Fact = RolloutFactsQuery['events']['events'][number]

/** Facts of all streams: as many are read before somebody asks for more. */
const MOST_PAGES = 10
const SHOWN = 20
const OFTEN = 3_000
const QUIET = { headers: { 'x-distr-portal': '1', 'x-distr-quiet': '1' }, credentials: 'same-origin' as const }

export function Happened({ rollout }: { rollout: Rollout }) {
  const { facts, error, isReading, readOn } = useFacts(rollout)
  const names = useMemberNames()
  const [shown, setShown] = useState(SHOWN)
  const newest = facts.toReversed()
  return (
    <Panel title="What happened">
      {error && facts.length === 0 ? <Failed error={error} /> : null}
      {facts.length === 0 && isReading ? <Loading what="what happened" rows={3} /> : null}
      <ol className="lines happened" aria-label="Facts, the newest first">
        {newest.slice(0, shown).map(fact => (
          <li key={fact.id}>
            <span className="event-who">
              <Actor actor={fact.actor ?? 'nobody known'} names={names} />
            </span>
            <span className="event-what">{factWords(fact)}</span>
            <span className="event-when">
              <Time at={fact.recordedAt} />
            </span>
            <EventButtons position={fact.position} of={`the fact at position ${fact.position}`} />
          </li>
        ))}
      </ol>
      <div className="actions">
        {newest.length > shown ? (
          <Button kind="quiet" onClick={() => setShown(shown + 100)}>
            Older
          </Button>
        ) : null}
        {readOn ? (
          <Button kind="quiet" onClick={readOn}>
            Read on in the log
          </Button>
        ) : null}
      </div>
    </Panel>
  )
}

function useFacts(rollout: Rollout) {
  const client = useClient()
  const { id, plannedAt } = rollout
  const [facts, setFacts] = useState<Fact[]>([])
  const [error, setError] = useState<CombinedError>()
  const [isReading, setReading] = useState(true)
  const [hasMore, setMore] = useState(false)
  const [turn, setTurn] = useState(0)
  const reached = useRef<string>(undefined)
  const isLive = isOpen(rollout)
  // biome-ignore lint/correctness/useExhaustiveDependencies: each turn goes on where the one before ended
  useEffect(() => {
    let isHere = true
    let timer: ReturnType<typeof setTimeout> | undefined
    const read = async () => {
      for (let page = 0; page < MOST_PAGES; page++) {
        const variables = { after: reached.current ?? null, from: plannedAt }
        const options = { requestPolicy: 'network-only' as const, fetchOptions: QUIET }
        const answer = await client.query(FACTS, variables, options).toPromise()
        if (!isHere) return
        setError(answer.error)
        if (!answer.data) break
        const { events, scannedTo, hasMore } = answer.data.events
        const own = events.filter(({ stream }) => stream === `rollout-${id}`)
        if (own.length > 0) setFacts(facts => [...facts, ...own.filter(isAfter(facts.at(-1)))])
        reached.current = scannedTo
        setMore(hasMore)
        if (!hasMore) break
      }
      setReading(false)
      if (isLive) timer = setTimeout(look, OFTEN)
    }
    const look = () => {
      if (document.visibilityState === 'visible') void read()
      else timer = setTimeout(look, OFTEN)
    }
    setReading(true)
    void read()
    return () => {
      isHere = false
      clearTimeout(timer)
    }
  }, [client, id, plannedAt, turn, isLive])
  return { facts, error, isReading, readOn: hasMore && !isReading ? () => setTurn(turn + 1) : undefined }
}

/** What was read twice is there once. */
function isAfter(last: Fact | undefined) {
  return ({ position }: Fact) => last === undefined || Number(position) > Number(last.position)
}
