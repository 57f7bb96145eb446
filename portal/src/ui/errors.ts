// What a refusal means, by its code; the hub's own words stand below it.
import type { CombinedError } from 'urql'

const SENTENCES: Record<string, string> = {
  unauthenticated: 'You are signed out.',
  forbidden: 'Your role does not let you do this.',
  not_found: 'It is not here, or it is not yours to see.',
  bad_input: 'Something in the request does not fit.',
  conflict: 'Somebody else changed the same thing at the same time.',
  too_many_requests: 'That was too often; wait a moment.',
  unavailable: 'The hub cannot reach its database.',
  outcome_unknown: 'The hub does not know whether the change is stored. Look before you try again.',
  not_yet_visible: 'The change is stored, but not shown yet.',
  internal: 'Something broke inside the hub.',
  'session.several_memberships': 'You are a member of several customers; say which.',
  'session.origin': 'The hub did not take this page for its own.',
}

export type Refusal = {
  code: string
  sentence: string
  detail: string | undefined
  request: string | undefined
  retryAfter: number | undefined
}

export function refusalOf(error: CombinedError): Refusal {
  const [first] = error.graphQLErrors
  const response = error.response as Response | undefined
  const request = response?.headers?.get('x-request-id') ?? undefined
  if (!first) {
    const offline = 'The hub does not answer.'
    return { code: 'no_answer', sentence: offline, detail: error.networkError?.message, request, retryAfter: undefined }
  }
  const code = String(first.extensions?.code ?? 'unknown')
  const detail = first.message
  const sentence = SENTENCES[code] ?? capital(detail)
  const seconds = first.extensions?.retryAfter
  return {
    code,
    sentence,
    detail: sentence === capital(detail) ? undefined : detail,
    request,
    retryAfter: typeof seconds === 'number' ? seconds : undefined,
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
