// The page of the address. At a moment of the past it is shown if it can look back, and if there was such a moment.
import { Outlet, useMatches } from '@tanstack/react-router'
import { History } from 'lucide-react'
import { graphql } from '../gql'
import { useMoment } from '../live/moment'
import { useLive } from '../live/use-live'
import { Button } from '../ui/button'
import { refusalOf } from '../ui/errors'
import { useGoToMoment } from './use-go-to-moment'

declare module '@tanstack/react-router' {
  interface StaticDataRouteOption {
    /** all that the page shows is known for moments of the past */
    looksBack?: true
  }
}

/** What stands beside a name in a table of routes. */
export const LOOKS_BACK = { staticData: { looksBack: true } } as const

/** Anything that can be asked as of a moment. */
const IS_MOMENT = graphql(`
  query IsMoment($asOf: Moment) {
    targetCounts(asOf: $asOf) { total }
  }
`)

const NOT_A_MOMENT = ['bad_request', 'bad_input', 'moment.not_past']

export function PageOfMoment() {
  const moment = useMoment()
  const looksBack = useMatches({ select: matches => matches.at(-1)?.staticData.looksBack ?? false })
  const { error } = useLive(IS_MOMENT, {}, moment === undefined)
  const go = useGoToMoment()
  if (moment === undefined) return <Outlet />
  const refusal = error && refusalOf(error)
  const isWrong = refusal && NOT_A_MOMENT.includes(refusal.code)
  if (!isWrong && looksBack) return <Outlet />
  const [title, words] = isWrong
    ? ['There is no such moment', refusal.detail ?? refusal.sentence]
    : ['This page shows now alone', 'What it was at other moments is not kept, and what it is now is not shown for it.']
  return (
    <div className={isWrong ? 'page-state is-error' : 'page-state'} role={isWrong ? 'alert' : undefined}>
      <History size={20} aria-hidden="true" />
      <h1>{title}</h1>
      <p>{words}</p>
      <Button kind="primary" onClick={() => go(undefined)}>
        Back to now
      </Button>
    </div>
  )
}
