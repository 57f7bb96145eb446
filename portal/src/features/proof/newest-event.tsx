// How far the newest checkpoint is behind the log: whether the newest event of the organization is among its entries.
import { useEffect, useState } from 'react'
import { useClient } from 'urql'
import { graphql } from '../../gql'
import { refusalOf } from '../../ui/errors'
import { Unknown } from '../../ui/page-states'
import { Time } from '../../ui/time'
import { useNewest } from '../activity/use-newest'

const PLACE = graphql(`
  query PlaceInHistory($position: Position!) {
    eventProof(position: $position) { index }
  }
`)

type Place = { position: string; index: number | undefined }

export function Newest({ size }: { size: number }) {
  const { events, isLoading } = useNewest(1)
  const [newest] = events
  const place = usePlace(newest?.position, size)
  if (isLoading) return <span aria-busy="true">…</span>
  if (!newest) return <Unknown why="no event is in the log yet" />
  return (
    <>
      <Time at={newest.recordedAt} />
      {place ? `, ${words(place.index, size)}` : null}
    </>
  )
}

function words(index: number | undefined, size: number): string {
  if (index === undefined) return 'not in the tree yet, which takes it within seconds'
  const behind = index + 1 - size
  if (behind <= 0) return 'in this checkpoint'
  return `${behind.toLocaleString()} ${behind === 1 ? 'entry' : 'entries'} beyond this checkpoint`
}

/** Asked anew with each event and each checkpoint. */
function usePlace(position: string | undefined, size: number): Place | undefined {
  const client = useClient()
  const [place, setPlace] = useState<Place>()
  // biome-ignore lint/correctness/useExhaustiveDependencies: a newer checkpoint may have it
  useEffect(() => {
    if (position === undefined) return
    let isHere = true
    void client
      .query(PLACE, { position }, { requestPolicy: 'network-only' })
      .toPromise()
      .then(({ data, error }) => {
        const isNone = error && refusalOf(error).code === 'proof.none'
        if (isHere && (data || isNone)) setPlace({ position, index: data?.eventProof.index })
      })
    return () => {
      isHere = false
    }
  }, [client, position, size])
  return place?.position === position ? place : undefined
}
