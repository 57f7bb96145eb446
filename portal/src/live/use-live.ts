// A question to the hub that is asked again when the line comes back.
import type { TypedDocumentNode } from '@urql/core'
import { useCallback, useEffect } from 'react'
import { type AnyVariables, type CombinedError, useQuery } from 'urql'
import { onReadAgain } from './line'

export type Asked<Data> = {
  data: Data | undefined
  error: CombinedError | undefined
  /** nothing is there yet */
  isLoading: boolean
  again: () => void
  /** the same without a person who asks: no use of the session */
  quietly: () => void
}

const QUIET = { headers: { 'x-distr-portal': '1', 'x-distr-quiet': '1' }, credentials: 'same-origin' as const }

export function useLive<Data, Variables extends AnyVariables>(
  query: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  pause = false,
): Asked<Data> {
  const [{ data, error, fetching }, execute] = useQuery<Data, Variables>({ query, variables, pause } as never)
  const again = useCallback(() => execute({ requestPolicy: 'network-only' }), [execute])
  const quietly = useCallback(() => execute({ requestPolicy: 'network-only', fetchOptions: QUIET }), [execute])
  useEffect(() => (pause ? undefined : onReadAgain(quietly)), [quietly, pause])
  return { data: data ?? undefined, error, isLoading: !data && !error && (fetching || !pause), again, quietly }
}
