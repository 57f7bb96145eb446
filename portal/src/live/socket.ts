// The one socket of this tab: subscriptions, and by it the state of the line.
import type { SubscriptionForwarder } from '@urql/core'
import { type Client, createClient, type FormattedExecutionResult } from 'graphql-ws'
import { batch } from './batch'
import { lineIsLive, lineIsLost, readAgain, signedOut } from './line'

const EVERY = 500
const UNAUTHORIZED = 4401
const PING = 15_000
const ANSWER = 5_000

type News = FormattedExecutionResult<Record<string, unknown>, unknown>

let client: Client | undefined
let socket: WebSocket | undefined

function url(): string {
  const at = new URL('graphql', document.baseURI)
  at.protocol = at.protocol === 'https:' ? 'wss:' : 'ws:'
  return at.href
}

/** From half a second to ten, never the same for two tabs: a hub that is back has all of them within ten seconds. */
async function wait(retries: number) {
  const most = Math.min(500 * 2 ** retries, 10_000)
  await new Promise(done => setTimeout(done, most * (0.5 + Math.random() / 2)))
}

export function connect(): Client {
  if (client) return client
  let unanswered: ReturnType<typeof setTimeout> | undefined
  client = createClient({
    url,
    lazy: false,
    keepAlive: PING,
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: wait,
    shouldRetry: event => !isUnauthorized(event),
    onNonLazyError: event => isUnauthorized(event) && signedOut(),
    on: {
      opened: opened => {
        socket = opened as WebSocket
      },
      connected: lineIsLive,
      closed: event => {
        clearTimeout(unanswered)
        if (isUnauthorized(event)) signedOut()
        else lineIsLost()
      },
      ping: received => {
        const asked = socket
        if (!received) unanswered = setTimeout(() => asked?.close(4408, 'no answer'), ANSWER)
      },
      pong: received => {
        if (received) clearTimeout(unanswered)
      },
    },
  })
  return client
}

export function disconnect() {
  void client?.dispose()
  client = undefined
}

function isUnauthorized(event: unknown): boolean {
  return (event as CloseEvent | undefined)?.code === UNAUTHORIZED
}

/** Of what news are: the first field's id, if it has one. */
function keyOf(result: News): string | undefined {
  const [thing] = Object.values(result.data ?? {}) as { id?: string }[]
  return thing?.id
}

export const forwardSubscription: SubscriptionForwarder = request => ({
  subscribe(sink) {
    const news = batch<News>(EVERY, results => {
      for (const result of results) sink.next(result as never)
    })
    const end = connect().subscribe(
      { query: request.query ?? '', variables: request.variables as Record<string, unknown> },
      {
        next: result => {
          if (result.errors) return readAgain()
          const key = keyOf(result)
          if (key) news.add(key, result)
          else sink.next(result as never)
        },
        error: error => sink.error(error),
        complete: () => sink.complete(),
      },
    )
    return {
      unsubscribe() {
        news.end()
        end()
      },
    }
  },
})
