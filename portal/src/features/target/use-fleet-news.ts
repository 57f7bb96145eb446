// News of the targets: rows change where they stand. Whatever counts them counts again once one changed its state, at most every
// two seconds. Silence tells nothing when it changes a state: they also count now and then, while somebody may look.
import { useEffect, useRef } from 'react'
import { useSubscription } from 'urql'
import type { TargetNewsSubscription } from '../../gql/graphql'
import { onReadAgain } from '../../live/line'
import { TARGET_NEWS } from './queries'

const REST = 2_000
const NOW_AND_THEN = 15_000

export function useFleetNews(customer: string | undefined, recount: () => void) {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const states = useRef(new Map<string, string>())
  const count = useRef(recount)
  count.current = recount
  const soon = () => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined
      count.current()
    }, REST)
  }
  const take = (_before: unknown, news: TargetNewsSubscription) => {
    const { id, state } = news.targetChanged
    if (states.current.get(id) !== state) soon()
    states.current.set(id, state)
    return news
  }
  useSubscription({ query: TARGET_NEWS, variables: { customer: customer ?? null } }, take)
  useEffect(() => {
    const stop = onReadAgain(() => count.current())
    const again = setInterval(() => document.visibilityState === 'visible' && count.current(), NOW_AND_THEN)
    return () => {
      stop()
      clearInterval(again)
      clearTimeout(timer.current)
      timer.current = undefined
    }
  }, [])
}
