import { useCallback, useEffect, useState } from 'react'
import { CombinedError, useClient, useSubscription } from 'urql'
import { graphql } from '../../gql'
import type { EventLineFragment } from '../../gql/graphql'
import { momentOf, useMoment } from '../../live/moment'
import { newest } from './newest'

export const EVENT_LINE = graphql(`
  fragment EventLine on Event { position id type stream actor recordedAt data correlation causation }
`)

const HEAD = graphql(`
  query Head {
    head
  }
`)

const EVENTS = graphql(`
  query Events($after: Position!, $first: Int!, $to: DateTime) {
    events(after: $after, first: $first, to: $to, telemetry: [ACCESS]) { events { ...EventLine } scannedTo hasMore }
  }
`)

const NEWS = graphql(`
  subscription EventNews($after: Position!) {
    eventAppended(after: $after, telemetry: [ACCESS]) { ...EventLine }
  }
`)

export type EventLine = EventLineFragment

const MOST = 500

/** The newest events, those that happen from now on before them; `older` reads on. Of a moment, the newest until then. */
export function useNewest(wanted: number) {
  const client = useClient()
  const { to, upTo } = useEnd()
  const [events, setEvents] = useState<EventLine[]>([])
  const [head, setHead] = useState<string>()
  const [before, setBefore] = useState<number>()
  const [error, setError] = useState<CombinedError>()
  const [isLoading, setLoading] = useState(true)
  const [shown, setShown] = useState(wanted)

  const read = useCallback(
    async (after: number, first: number) => {
      const variables = { after: String(after), first, to }
      const answer = await client.query(EVENTS, variables, { requestPolicy: 'network-only' }).toPromise()
      if (!answer.data) throw answer.error
      return answer.data.events
    },
    [client, to],
  )
  const readBack = useCallback(
    async (upTo: number) => {
      setLoading(true)
      try {
        const found = await newest<EventLine>(read, upTo, wanted)
        setEvents(events => [...events, ...found.events])
        setBefore(found.before)
      } catch (cause) {
        if (cause instanceof CombinedError) setError(cause)
      }
      setLoading(false)
    },
    [read, wanted],
  )
  useEffect(() => {
    let isHere = true
    void client
      .query(HEAD, {}, { requestPolicy: 'network-only' })
      .toPromise()
      .then(answer => {
        if (!isHere) return
        if (!answer.data) {
          setError(answer.error)
          return setLoading(false)
        }
        setEvents([])
        setHead(answer.data.head)
        void readBack(Math.min(Number(answer.data.head), upTo))
      })
    return () => {
      isHere = false
    }
  }, [client, readBack, upTo])
  useSubscription({ query: NEWS, variables: { after: head ?? '0' }, pause: head === undefined }, (_before, news) => {
    const event = news.eventAppended
    setEvents(events => {
      // they come in order; a connection that was lost goes on from where the page began
      const isKnown = events.length > 0 && Number(event.position) <= Number(events[0]?.position)
      return isKnown ? events : [event, ...events]
    })
    return news
  })
  // a page that is open for days keeps no more than a reader looks at; what goes is read again where it is wanted
  useEffect(() => {
    const most = Math.max(shown, MOST)
    if (events.length <= most || isLoading) return
    setBefore(Number(events[most - 1]?.position) - 1)
    setEvents(events.slice(0, most))
  }, [events, shown, isLoading])
  const more = () => {
    setShown(shown => shown + wanted)
    if (before && events.length < shown + wanted) void readBack(before)
  }
  const older = before || events.length > shown ? more : undefined
  return {
    events: events.slice(0, shown),
    error,
    isLoading: isLoading && events.length === 0,
    isReading: isLoading,
    older,
  }
}

/** Where the moment is in the log; its time itself is included. */
function useEnd(): { to: string | null; upTo: number } {
  const moment = useMoment()
  const named = moment === undefined ? undefined : momentOf(moment)
  const to = named?.kind === 'time' ? new Date(named.at + 1).toISOString() : null
  return { to, upTo: named?.kind === 'position' ? Number(named.position) : Number.POSITIVE_INFINITY }
}
