// The life of a target: its facts and those of what is deployed there. They are in the log; whoever may not read it is shown those
// that the target itself tells of.
import { useEffect, useState } from 'react'
import { type CombinedError, useClient } from 'urql'
import { graphql } from '../../gql'
import type { TargetLifeQuery } from '../../gql/graphql'
import { useHubNow } from '../../live/clock'
import { useLive } from '../../live/use-live'
import { Button } from '../../ui/button'
import { Failed, Loading } from '../../ui/page-states'
import { Time } from '../../ui/time'
import { sentence } from '../activity/sentences'
import { useMay } from '../session/viewer'
import type { LifeProps } from './life'
import { type Mark, markAt } from './marks'
import { Slider } from './slider'

const LIFE = graphql(`
  query TargetLife($customer: Name!, $name: Name!) {
    target(customer: $customer, name: $name) {
      id createdAt enrolledAt retiredAt
      deployments { id createdAt changedAt application { id displayName } }
    }
  }
`)

const FACTS = graphql(`
  query FactsSince($after: Position, $from: DateTime!) {
    events(after: $after, from: $from, first: 1000, telemetry: []) {
      events { id position type stream recordedAt }
      scannedTo hasMore
    }
  }
`)

type Target = TargetLifeQuery['target']

/** Facts of all streams: as many as are read before somebody asks for more. */
const MOST_PAGES = 10

export default function TargetLife({ customer, name, moment, go }: LifeProps) {
  const { data, error, again } = useLive(LIFE, { customer, name })
  const readsLog = useMay('READ_LOG')
  if (error && !data) return <Failed error={error} again={again} />
  if (!data) return <Loading what="its life" rows={1} />
  const { target } = data
  const slide = { label: `Moments of the target ${name}`, from: Date.parse(target.createdAt), moment, go }
  return readsLog ? <OfLog target={target} slide={slide} /> : <OfTarget target={target} slide={slide} />
}

type Slide = Pick<Parameters<typeof Slider>[0], 'label' | 'from' | 'moment' | 'go'>

function OfTarget({ target, slide }: { target: Target; slide: Slide }) {
  return <Slider {...slide} to={useHubNow()} marks={toldBy(target)} />
}

function toldBy({ createdAt, enrolledAt, retiredAt, deployments }: Target): Mark[] {
  const marks = [markAt(createdAt, 'registered')]
  if (enrolledAt) marks.push(markAt(enrolledAt, 'enrolled'))
  for (const { application, createdAt, changedAt } of deployments) {
    marks.push(markAt(createdAt, `${application.displayName} was asked for`))
    marks.push(markAt(changedAt, `${application.displayName} changed last`))
  }
  if (retiredAt) marks.push(markAt(retiredAt, 'retired'))
  return marks.sort((one, other) => one.at - other.at)
}

function OfLog({ target, slide }: { target: Target; slide: Slide }) {
  const now = useHubNow()
  const { marks, readTo, error, isReading, readOn } = useFacts(target)
  if (error) return <Failed error={error} />
  return (
    <div aria-busy={isReading}>
      <Slider {...slide} to={now} marks={marks} />
      {readTo && !isReading ? (
        <p className="hint">
          Ticks end <Time at={readTo} />: up to there the log was read.{' '}
          <Button kind="quiet" onClick={readOn}>
            Read on
          </Button>
        </p>
      ) : null}
    </div>
  )
}

/** `readTo` is where reading stopped, if there is more. */
function useFacts({ id, createdAt, deployments }: Target) {
  const client = useClient()
  const [marks, setMarks] = useState<Mark[]>([])
  const [goesOn, setGoesOn] = useState<{ after: string | null; readTo?: string }>({ after: null })
  const [turn, setTurn] = useState(1)
  const [isReading, setReading] = useState(true)
  const [error, setError] = useState<CombinedError>()
  const streams = JSON.stringify([`target-${id}`, ...deployments.map(({ id }) => `deployment-${id}`)])
  // biome-ignore lint/correctness/useExhaustiveDependencies: each turn goes on where the one before ended
  useEffect(() => {
    let isHere = true
    const of = new Set<string>(JSON.parse(streams))
    const read = async () => {
      let { after } = goesOn
      for (let page = 0; page < MOST_PAGES; page++) {
        const answer = await client
          .query(FACTS, { after, from: createdAt }, { requestPolicy: 'network-only' })
          .toPromise()
        if (!isHere) return
        if (!answer.data) return setError(answer.error)
        const { events, scannedTo, hasMore } = answer.data.events
        const own = events.filter(({ stream }) => stream && of.has(stream))
        setMarks(marks => [...marks, ...own.map(markOf).filter(isAfter(marks.at(-1)))])
        if (!hasMore) return setGoesOn({ after: scannedTo })
        after = scannedTo
        setGoesOn({ after, readTo: events.at(-1)?.recordedAt ?? createdAt })
      }
    }
    setReading(true)
    void read().then(() => isHere && setReading(false))
    return () => {
      isHere = false
    }
  }, [client, streams, createdAt, turn])
  return { marks, readTo: goesOn.readTo, error, isReading, readOn: () => setTurn(turn + 1) }
}

/** What was read twice is there once. */
function isAfter(last: Mark | undefined) {
  return ({ moment }: Mark) => last === undefined || Number(moment) > Number(last.moment)
}

function markOf({ position, type, recordedAt }: { position: string; type: string; recordedAt: string }): Mark {
  return { at: Date.parse(recordedAt), moment: position, words: sentence({ type, data: {} }).verb }
}
