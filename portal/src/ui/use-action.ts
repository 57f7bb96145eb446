// A change of the hub: sent once however often it is tried, and never taken for done before the hub says so.
import type { TypedDocumentNode } from '@urql/core'
import { useCallback, useState } from 'react'
import { type AnyVariables, type CombinedError, useClient } from 'urql'

/** Made when the dialog opens, and anew once something was done. Pages over plain HTTP have no randomUUID. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('')
}

export function useAction<Data, Variables extends AnyVariables>(mutation: TypedDocumentNode<Data, Variables>) {
  const client = useClient()
  const [key, setKey] = useState(newKey)
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<CombinedError>()
  const act = useCallback(
    async (variables: Variables): Promise<Data | undefined> => {
      setBusy(true)
      setError(undefined)
      const headers = { 'x-distr-portal': '1', 'idempotency-key': key }
      const context = { fetchOptions: { headers, credentials: 'same-origin' as const } }
      const result = await client.mutation(mutation, variables, context).toPromise()
      setBusy(false)
      setError(result.error)
      // what comes after it is another change, though it be the same again
      if (!result.error) setKey(newKey())
      return result.error ? undefined : result.data
    },
    [client, mutation, key],
  )
  return { act, isBusy, error, clear: () => setError(undefined) }
}
