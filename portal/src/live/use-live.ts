// A question to the hub that is asked again when the line comes back.
import type { TypedDocumentNode } from '@urql/core'
import { useCallback, useEffect, useRef } from 'react'
import { type AnyVariables, type CombinedError, useQuery } from 'urql'
import { onReadAgain } from './line'
import { useMoment } from './moment'

export type Asked<Data> = {
  data: Data | undefined
  error: CombinedError | undefined
  /** nothing is there yet */
  isLoading: boolean
  again: () => void
  /** the same without a person who asks: no use of the session. Of the past there are no news */
  quietly: () => void
}

const QUIET = { headers: { 'x-distr-portal': '1', 'x-distr-quiet': '1' }, credentials: 'same-origin' as const }

export function useLive<Data, Variables extends AnyVariables>(
  query: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  pause = false,
): Asked<Data> {
  const moment = useMoment()
  const [answer, execute] = useQuery<Data, Variables>({ query, variables, pause } as never)
  // while another moment is asked for, the answer is still that of the one before
  const isOfMoment = answer.operation?.context.moment === moment
  const error = isOfMoment ? answer.error : undefined
  const shown = useKept(isOfMoment ? (answer.data ?? undefined) : undefined, `${moment} ${JSON.stringify(variables)}`)
  const again = useCallback(() => execute({ requestPolicy: 'network-only' }), [execute])
  const quietly = useCallback(() => {
    if (moment === undefined) execute({ requestPolicy: 'network-only', fetchOptions: QUIET })
  }, [execute, moment])
  useEffect(() => (pause ? undefined : onReadAgain(quietly)), [quietly, pause])
  return { data: shown, error, isLoading: !shown && !error && (answer.fetching || !pause), again, quietly }
}

/** What was read before stays until there is something newer: a hub that does not answer takes nothing off the page. */
function useKept<Data>(data: Data | undefined, of: string): Data | undefined {
  const kept = useRef<{ of: string; data: Data }>(undefined)
  if (data !== undefined) kept.current = { of, data }
  return kept.current?.of === of ? kept.current.data : undefined
}
